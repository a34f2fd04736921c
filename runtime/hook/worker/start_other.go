//go:build !linux

package worker

import (
	"os"

	"turnkey/runtime/hook/worker/wire"
)

// ownBinary is this program.
func ownBinary() (string, error) { return os.Executable() }

// walls: a plain process is all that there is.
func walls() []wall {
	return []wall{{}}
}

func unwalled() []wire.Missing {
	return []wire.Missing{
		{Layer: wire.Namespaces, Reason: "only Linux has it"},
		{Layer: wire.User, Reason: "only Linux has it"},
	}
}
