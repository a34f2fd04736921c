package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// Command is the hidden sub-command of the binary that is a worker.
const Command = "sandbox-worker"

// In and Out are the descriptors at which a worker finds its ends of the pipes from and to the runtime.
const (
	In  = 3
	Out = 4
)

// Names of the layers, as status and --require-sandbox know them.
const (
	Namespaces   = "namespaces"
	Seccomp      = "seccomp"
	Landlock     = "landlock"
	Chroot       = "chroot"
	Capabilities = "capabilities"
	NoNewPrivs   = "no_new_privs"
	NotDumpable  = "not_dumpable"
	User         = "user"
	Memory       = "memory"
	Rlimits      = "limits"
	Priority     = "priority"
	Processors   = "processors"
)

// Layers lists the names, the one that matters most first.
func Layers() []string {
	return []string{Seccomp, Memory, Namespaces, Landlock, Chroot, Capabilities, NoNewPrivs, NotDumpable, User, Rlimits, Priority, Processors}
}

// Order is what a worker is told before it locks itself in.
type Order struct {
	Namespaced bool   `json:"namespaced"` // it was started in namespaces of its own
	Memory     int64  `json:"memory"`     // bytes of data over what it has when it is ready
	Files      uint64 `json:"files"`
	Processes  uint64 `json:"processes"`
	Stack      int    `json:"stack"`
	Nice       int    `json:"nice"`
	OOM        int    `json:"oom"`
	Frame      int    `json:"frame"` // bytes of the largest payload that it takes
	// Processors are those that its threads may have once it is ready, where it was started on others; none: as it was started.
	Processors []int    `json:"processors,omitempty"`
	Without    []string `json:"without,omitempty"` // layers to leave out, for tests
}

// Missing is a layer that could not be had.
type Missing struct {
	Layer  string `json:"layer"`
	Reason string `json:"reason"`
}

// Greeting is the worker's Hello.
type Greeting struct {
	Active []string  `json:"active"`
	Failed []Missing `json:"failed"`
}

// maxMessage bounds our own messages; the hooks' payloads have limits of their own.
const maxMessage = 64 << 10

// Encode makes a payload of one of our messages.
func Encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("wire: a message that is plain data does not encode: %v", err))
	}
	return raw
}

// Decode reads one, strictly: no unknown or doubled names, no invalid UTF-8, nothing behind it.
func Decode(raw []byte, v any) error {
	if len(raw) > maxMessage {
		return fmt.Errorf("%w: a message of %d bytes", ErrTooLarge, len(raw))
	}
	return json.Unmarshal(raw, v, json.RejectUnknownMembers(true))
}
