// Package admission decides what is worked on now, what waits and what is sent away when more arrives
// than the machine can do: fairly between instances, inside an instance between its users, and never
// longer than a client would wait. It is told who asks and for how many bytes; it must not know HTTP,
// uploads, tokens or sources.
//
// # The two bounds
//
// Memory bounds the bytes of bodies that are held, taken as they are read. It never waits: a body for
// which there is no room is answered at once. Queue bounds the work. A slot stands for a share of the
// CPU, and a ticket holds one only while it computes:
//
//	Enter ──► waiting, by instance, by user ──► slot ──┬── Done
//	  │            │            least pass first       │
//	  │            │                             Leave │ ▲ Return      the source is asked meanwhile
//	  ▼            ▼                                   ▼ │
//	refused    refused: waited too long             no slot, but still in flight
//
// While a ticket waits for its source it has no slot, so a source that is slow or dead takes no CPU
// share from others. It stays in flight, and an instance has at most PerInstance in flight: that is
// the bulkhead. Return never waits. The work that comes back may hold row locks in the customer's
// database, and parking it there would turn our congestion into theirs; so running may exceed Slots
// for a moment, by no more than what is in flight, and new work waits until it has sunk again.
//
// # Fairness
//
// Start-time fair queuing (Goyal, Vin, Cheng, 1996) on two levels. Each instance has a virtual time,
// its pass, which advances by the time its tickets hold slots, divided by its weight; the waiting
// instance with the smallest pass is next, and inside it the user with the smallest. What a ticket
// will cost is guessed from the ones before it when it is admitted, and corrected when it is done.
// Whoever was away starts at the present virtual time: idleness earns no credit. So the share is by
// work done, not by the number of requests.
//
// # Not waiting in vain
//
// A queue that is always there helps nobody: what it lets through is old, and what it refuses is
// refused late. As in CoDel (Nichols, Jacobson, 2012), what counts is not the length of a queue but
// whether it stands: an instance's queue may be long for a burst, and once it has not been empty for
// Standing, whoever joins it waits at most ShortWait. When the whole queue is full, the instance with
// the most waiters gives up its youngest (the longest-queue drop of FQ-CoDel, RFC 8290).
//
// A refusal says when to come back: the more was refused lately, the later, with jitter so that those
// who were refused together do not come back together.
package admission
