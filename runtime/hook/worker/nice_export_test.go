package worker

// What tests of the workers' priorities need to know.
const (
	NiceLong = niceLong
	NiceLast = niceLast
)

// MayRaise reports whether this process may give a worker back a priority that it took away.
func MayRaise() bool { return mayRaise() }
