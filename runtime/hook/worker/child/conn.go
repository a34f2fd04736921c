package child

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// conn is the worker's ends of the pipes, read and written by plain blocking calls: half the latency of Go's poller, which a
// worker with one thing to do does not need.
type conn struct{}

// Read implements io.Reader.
func (c conn) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(wire.In, p)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (c conn) send(p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(wire.Out, p)
		if errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// exitWithRuntime ends the process when the other end closes, also while a call runs: an orphan must not
// burn a processor. The goroutine lives as long as the process.
func (c conn) exitWithRuntime() {
	go func() {
		for {
			fds := []unix.PollFd{{Fd: wire.In}} // no events: only the hang-up, which always counts
			if _, err := unix.Poll(fds, -1); err == nil && fds[0].Revents != 0 {
				os.Exit(0)
			} else if err != nil && !errors.Is(err, unix.EINTR) {
				os.Exit(1)
			}
		}
	}()
}

// closeLeaked closes descriptors that whoever started the runtime left open across exec. What this process
// opened itself, Go's own included, is marked close-on-exec; what was inherited cannot be.
func closeLeaked() {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		names, err := filepath.Glob(dir + "/*")
		if err != nil || len(names) == 0 {
			continue
		}
		for _, name := range names {
			fd, err := strconv.Atoi(filepath.Base(name))
			if err != nil || fd <= wire.Out {
				continue
			}
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
				_ = unix.Close(fd) // nobody here uses it
			}
		}
		return
	}
}
