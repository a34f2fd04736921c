package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// probe tries to get out, and says for each attempt what the kernel answered. No attempt does harm where it
// succeeds: signals are number 0, and nothing is mounted on a path that exists.
func probe(parent int) string {
	nowhere := "/turnkey-no-such-folder/x"
	open := func(path string, flags int) func() error {
		return func() error {
			fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
			return errors.Join(err, ignore(fd, err))
		}
	}
	socket := func(family, kind int) func() error {
		return func() error {
			fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
			return errors.Join(err, ignore(fd, err))
		}
	}
	number := func(trap uintptr, args ...uintptr) func() error {
		return func() error {
			a := append(args, 0, 0, 0)
			fd, _, errno := unix.Syscall(trap, a[0], a[1], a[2])
			if errno != 0 {
				return errno
			}
			return ignore(int(fd), nil)
		}
	}
	out := map[string]string{}
	for name, try := range map[string]func() error{
		"open a file":   open("/etc/passwd", unix.O_RDONLY),
		"list a folder": open("/", unix.O_RDONLY|unix.O_DIRECTORY),
		"write a file": func() error {
			return errors.Join(open("/tmp/turnkey-probe", unix.O_WRONLY|unix.O_CREAT)(), unlinked("/tmp/turnkey-probe"))
		},
		"read the environment": open("/proc/self/environ", unix.O_RDONLY),
		"open memory":          open("/proc/self/mem", unix.O_RDWR),
		"internet socket":      socket(unix.AF_INET, unix.SOCK_STREAM),
		"datagram socket":      socket(unix.AF_INET6, unix.SOCK_DGRAM),
		"unix socket":          socket(unix.AF_UNIX, unix.SOCK_STREAM),
		"netlink socket":       socket(unix.AF_NETLINK, unix.SOCK_RAW),
		"signal the runtime":   func() error { return unix.Kill(parent, 0) },
		"signal everybody":     func() error { return unix.Kill(-1, 0) },
		"become root":          number(unix.SYS_SETUID, 0),
		"new namespaces":       func() error { return unix.Unshare(unix.CLONE_NEWUSER | unix.CLONE_NEWNET) },
		"raise a limit":        func() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1024, Max: 1024}) },
		"raise the memory":     func() error { return unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}) },
		"mount":                func() error { return unix.Mount("tmpfs", nowhere, "tmpfs", 0, "") },
		"change the root":      func() error { return unix.Chroot(nowhere) },
		"anonymous file":       number(unix.SYS_MEMFD_CREATE, 0, 0),
		"io_uring":             number(unix.SYS_IO_URING_SETUP, 1, 0),
		"performance counters": number(unix.SYS_PERF_EVENT_OPEN, 0, 0),
		"kernel keys":          number(unix.SYS_KEYCTL, 0, 0xfffffffd, 0),
		"user fault":           number(unix.SYS_USERFAULTFD, 0),
		"executable memory":    executable,
		"become dumpable":      func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
		"open by handle":       number(unix.SYS_OPEN_BY_HANDLE_AT, 0, 0, 0),
		"pid descriptor":       number(unix.SYS_PIDFD_OPEN, uintptr(parent), 0),
	} {
		out[name] = verdict(try())
	}
	if _, err := unix.Getpgid(0); err != nil { // a filter is in place: only then is it safe to try
		out["a process"] = verdict(number(unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_VFORK)())
	}
	raw, _ := json.Marshal(out)
	return string(raw)
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return "denied"
	}
	return err.Error()
}

// unlinked removes what an attempt has made; that it made nothing is the good case.
func unlinked(path string) error {
	_ = unix.Unlink(path)
	return nil
}

func executable() error {
	m, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return unix.Munmap(m)
}

func ignore(fd int, err error) error {
	if err == nil && fd > 3 {
		return unix.Close(fd)
	}
	return nil
}

// forbidden does what the filter kills for.
func forbidden(what string) {
	switch what {
	case "exec":
		_ = unix.Exec("/bin/true", []string{"true"}, nil)
	case "ptrace":
		_ = unix.PtraceAttach(1)
	case "vm":
		_, _ = unix.ProcessVMReadv(1, nil, nil, 0)
	case "bpf":
		_, _, _ = unix.Syscall(unix.SYS_BPF, 0, 0, 0)
	}
}

// threads makes the runtime start threads: each goroutine keeps one.
func threads(n int) string {
	ready, stop := make(chan int), make(chan struct{})
	defer close(stop)
	for range n {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready <- unix.Gettid()
			<-stop
		}()
	}
	seen := map[int]bool{}
	for range n {
		seen[<-ready] = true
	}
	return fmt.Sprint(len(seen))
}
