//go:build !linux

package child

import (
	"errors"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// lock sets what this system has: limits, and no walls. Here a worker keeps a hook's crash and its
// loops away from the runtime, but not its author's code from the machine: for development only.
func lock(order wire.Order) wire.Greeting {
	var g wire.Greeting
	err := errors.Join(
		unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: order.Files, Max: order.Files}),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{}),
	)
	if err != nil {
		g.Failed = append(g.Failed, wire.Missing{Layer: wire.Rlimits, Reason: err.Error()})
	} else {
		g.Active = append(g.Active, wire.Rlimits)
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, order.Nice); err != nil {
		g.Failed = append(g.Failed, wire.Missing{Layer: wire.Priority, Reason: err.Error()})
	} else {
		g.Active = append(g.Active, wire.Priority)
	}
	for _, name := range []string{wire.Seccomp, wire.Memory, wire.Landlock, wire.Chroot, wire.Capabilities, wire.NoNewPrivs, wire.NotDumpable} {
		g.Failed = append(g.Failed, wire.Missing{Layer: name, Reason: "only Linux has it"})
	}
	return g
}
