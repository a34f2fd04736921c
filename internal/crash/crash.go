// Package crash names the moments at which a runtime must be able to die. At marks one in the code. In
// a normal build it is nothing at all; built with the tag crash, the torture can make the process end
// or freeze exactly there. It must not know what the moments mean.
package crash

// The moments of an upload, as facts and decisions name them. C2, C3 and C6, between single messages
// to the database, need no mark: the torture's wire proxy kills the runtime there.
const (
	Parsed    = "c0"  // the request is understood, nothing is done
	Decided   = "c1"  // rules and policies have run, nothing is sent to the database
	Committed = "c4"  // the database has committed, the device has no answer
	Answered  = "c5"  // the answer is written
	Refusing  = "c17" // a transaction is refused for good, and its rejection not kept yet
)

// The moments of a delivery. Between a commit and the claim of what it enqueued lies Committed.
const (
	Claimed   = "c11a" // a delivery is claimed, nothing is sent
	Delivered = "c11"  // the receiver has answered, which is not written down yet
)

// Points lists every moment of an upload.
func Points() []string { return []string{Parsed, Decided, Committed, Answered, Refusing} }

// DeliveryPoints lists every moment of a delivery, from the commit that enqueued it.
func DeliveryPoints() []string { return []string{Committed, Claimed, Delivered} }

// Control is the environment variable that names the control file. A line "c4 2 kill" in it ends the
// process by SIGKILL when it passes c4 for the second time; "stop" freezes it by SIGSTOP instead. The
// process renames the file to its name and ".done" first, so that each order is carried out once.
const Control = "TURNKEY_CRASH_FILE"
