//go:build cgo

package child

import (
	"errors"

	"golang.org/x/sys/unix"
)

// errCgo: with cgo a change of every thread at once is refused (capabilities) or hangs in a namespace of
// processes (Landlock). Released binaries are built without; this is for `go test` and debuggers.
var errCgo = errors.New("this binary was built with cgo; build it with CGO_ENABLED=0")

// noNewPrivs is for this thread; seccomp carries it to the others.
func noNewPrivs() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }

func landlocked() error { return errCgo }

func dropCapabilities() error { return errCgo }
