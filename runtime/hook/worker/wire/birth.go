package wire

// Nursery is the hidden sub-command of the binary that starts workers for the runtime.
const Nursery = "sandbox-nursery"

// Birth asks the nursery for a worker; the worker's In, Out and stderr come with it. Numbers of users are as the runtime counts them.
type Birth struct {
	Flags     uint64 `json:"flags"`     // of clone(2)
	Mapped    bool   `json:"mapped"`    // it has a namespace of users, in which it is root
	User      int    `json:"user"`      // as whom it acts outside of that
	Group     int    `json:"group"`     // the same
	Setgroups bool   `json:"setgroups"` // it may change its groups there
	Become    bool   `json:"become"`    // it takes a user before it starts: root where mapped, else User
}

// Born answers.
type Born struct {
	PID   int    `json:"pid"`
	Error string `json:"error,omitempty"`
}
