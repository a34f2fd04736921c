package child

import (
	"errors"
	"fmt"
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// allowed is what Go's runtime and the socket need, whatever the processor calls it.
var allowed = []string{
	"read", "write", "close", "readv", "writev",
	"munmap", "madvise", "brk", "mremap",
	"futex", "sched_yield", "sched_getaffinity", "restart_syscall",
	"nanosleep", "clock_nanosleep", "clock_gettime", "gettimeofday", "getrusage",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	"getpid", "gettid", "getrandom", "exit", "exit_group",
	"epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll",
	"set_robust_list", "rseq",
}

// lethal is what no accident asks for: whoever tries is killed.
var lethal = []string{"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "bpf"}

// policy is the list for this processor. Everything that is not on it is refused with EPERM.
func policy() (seccomp.Policy, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, err
	}
	known := func(names []string) (out []string) {
		for _, name := range names {
			if _, ok := info.SyscallNames[name]; ok {
				out = append(out, name)
			}
		}
		return out
	}
	bits := func(name string, argument uint32, op seccomp.Operation, value uint64) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: name, Conditions: []seccomp.Condition{{Argument: argument, Operation: op, Value: value}}}
	}
	p := seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionKillProcess, Names: known(lethal)},
			{Action: seccomp.ActionAllow, Names: known(allowed), NamesWithCondtions: []seccomp.NameWithConditions{
				// Threads, not processes: by the bit, because Go changes the other flags between versions.
				bits("clone", 0, seccomp.BitsSet, unix.CLONE_THREAD),
				bits("mmap", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
				bits("mprotect", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
				// Signals to the threads of this process alone; the scheduler preempts by them.
				bits("tgkill", 0, seccomp.Equal, uint64(os.Getpid())),
				// Names for mappings, which Go gives where the kernel keeps them.
				bits("prctl", 0, seccomp.Equal, unix.PR_SET_VMA),
			}},
		},
	}
	if names := known(absent); len(names) > 0 {
		p.Syscalls = append(p.Syscalls, seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: names})
	}
	return p, nil
}

// filtered installs the list on every thread and tries it.
func filtered() error {
	p, err := policy()
	if err != nil {
		return err
	}
	if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: p}); err != nil {
		return err
	}
	if fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return errors.Join(fmt.Errorf("it does not hold: a socket was answered %v", err), unix.Close(fd))
	}
	return nil
}
