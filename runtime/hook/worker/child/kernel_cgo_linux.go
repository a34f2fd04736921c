//go:build cgo

package child

import (
	"errors"

	"golang.org/x/sys/unix"
)

// errCgo: with cgo a change of every thread at once is refused (capabilities) or hangs in a namespace of
// processes (Landlock). Released binaries are built without; this is for `go test` and debuggers.
var errCgo = errors.New("this binary was built with cgo; build it with CGO_ENABLED=0")

// absent are calls that are answered as by a kernel that lacks them. The C library starts threads by clone3, which a filter
// cannot look into, and goes back to clone only where there is none; refused in any other way, the process ends with its
// first new thread.
var absent = []string{"clone3"}

// threadRoom is what the C library's threads take of the address space and of data: a stack of the default size each, where
// Go's own are a few kilobytes. A worker has less than sixteen.
const threadRoom = 16 * (8 << 20)

// noNewPrivs is for this thread; seccomp carries it to the others.
func noNewPrivs() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }

func landlocked() error { return errCgo }

func dropCapabilities() error { return errCgo }
