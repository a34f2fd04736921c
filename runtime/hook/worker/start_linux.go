package worker

import (
	"os"
	"syscall"

	"turnkey/runtime/hook/worker/wire"
)

// ownBinary is this program, also after its file was replaced or deleted.
func ownBinary() (string, error) { return "/proc/self/exe", nil }

// nobody is the user that owns nothing.
const nobody = 65534

const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// walls lists the ways to start a worker, the strongest first. In a namespace of users it is root to itself, which
// lets it change its root folder and give up the rest; outside it is nobody (or, if this process is not
// root, the same user as this one).
func walls() []wall {
	apart := func(uid, gid int, drop bool) wire.Birth {
		return wire.Birth{Flags: namespaces, Mapped: true, User: uid, Group: gid, Setgroups: drop, Become: drop}
	}
	if os.Geteuid() != 0 {
		return []wall{
			{layers: []string{wire.Namespaces}, namespaced: true, birth: apart(os.Geteuid(), os.Getegid(), false)},
			{},
		}
	}
	return []wall{
		{layers: []string{wire.Namespaces, wire.User}, namespaced: true, birth: apart(nobody, nobody, true)},
		{layers: []string{wire.Namespaces}, namespaced: true, birth: apart(0, 0, false)},
		{layers: []string{wire.User}, birth: wire.Birth{User: nobody, Group: nobody, Become: true}},
		{},
	}
}

// unwalled says why a layer of the start was never tried.
func unwalled() []wire.Missing {
	if os.Geteuid() == 0 {
		return nil
	}
	return []wire.Missing{{Layer: wire.User, Reason: "the runtime is not root, so a worker has its user"}}
}
