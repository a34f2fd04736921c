// Package telemetry carries what a runtime saw, log entries and counters, from the write path to
// whoever keeps them: the wire contract between the planes, a Recorder that the write path calls, a
// Shipper that sends batches, and the client of the control plane's internal listener. It knows events
// and time; it must not know uploads, tokens, HTTP for apps, SQL, or who reads the entries.
//
//	upload, gateway ── Record(Entry) ──► Recorder ──► Shipper ── Batch ──► Sink (control plane, stderr)
//	     never waits,                     a meter for      one goroutine,      stored once by
//	     never fails                      each instance    every 500 ms        (source, seq)
//
// # Recording
//
// Each instance has a meter: a short lock around a map of counters and a ring of entries. Record adds
// to a handful of counters and puts the entry into the ring; the Shipper takes the map and the ring
// away by swapping them for empty ones, so nobody holds the lock for longer than one event takes.
//
// Entries are the part that may be lost, and never in silence. A ring keeps the newest entries of its
// instance; when all rings together are full an instance may keep its fair share. What falls out is
// counted as DroppedEntries of that instance, a counter like any other. One entry describes one
// client transaction, token exchange, refused authentication or event of an instance. Transactions
// that were not attempted are counted only, and so are refusals beyond 120 a minute of an instance:
// strangers must not be able to fill anybody's disk.
//
// # Counters are never lost while the process lives
//
// A counter is a number by instance, minute and Series. Batches carry what was added since the batch
// before. A batch that was not acknowledged is sent again, unchanged, under the same number until it
// is: source (one process) and seq (1, 2, 3, ...) make storing idempotent, because batches of a source
// arrive in order. Meanwhile new counts merge in memory. When an outage lasts so long that they become
// many, past minutes merge to hours and then to days: the sums stay exact, only their resolution is lost.
//
// # What is joined and not counted
//
// Devices, refused credentials and sightings (whether, since when and how lately something was seen) travel in the
// same batches. What a meter holds of one is of the same type as all that is known of it, and Join makes
// one of both: in the meter, while a batch waits, and where it is stored. Sightings are as exact as
// counters. Devices and causes are named by clients, so each meter has only so many; a device without room is
// counted as DroppedDevices and seen again soon.
//
// # Text
//
// Entries hold no values of rows and no credentials: their messages are written for strangers. Names
// that clients chose do occur, so every text is cut to its limit and freed of control and
// direction-changing characters (Clean) before it leaves the process, and again where it is stored.
package telemetry
