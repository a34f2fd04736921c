package wire

import "syscall"

// Attr is for the start of such a worker.
func (b Birth) Attr() *syscall.SysProcAttr {
	// A group of its own keeps a terminal's Ctrl-C away: workers end when the runtime is done with them.
	attr := &syscall.SysProcAttr{Setpgid: true, Cloneflags: uintptr(b.Flags)}
	if b.Mapped {
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: b.User, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: b.Group, Size: 1}}
		attr.GidMappingsEnableSetgroups = b.Setgroups
	}
	switch {
	case b.Become && b.Mapped:
		attr.Credential = &syscall.Credential{}
	case b.Become:
		attr.Credential = &syscall.Credential{Uid: uint32(b.User), Gid: uint32(b.Group)}
	}
	return attr
}
