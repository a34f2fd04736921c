package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// nurse starts workers until the runtime closes the socket, which is at wire.In. They are the runtime's children, not this process's: it tells
// their number and forgets them.
func nurse() error {
	unix.CloseOnExec(wire.In)
	closeLeaked()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	message, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(3*4))
	for {
		n, rights, _, _, err := unix.Recvmsg(wire.In, message, control, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || n == 0 {
			return err
		}
		born := wire.Born{}
		if born.PID, err = bear(null, message[:n], control[:rights]); err != nil {
			born.Error = err.Error()
		}
		if err := unix.Sendmsg(wire.In, wire.Encode(born), nil, nil, unix.MSG_NOSIGNAL); err != nil {
			return err
		}
	}
}

// bear starts one worker.
func bear(null *os.File, message, control []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%d control messages: %w", len(messages), err)
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	defer func() {
		for _, fd := range files {
			_ = unix.Close(fd)
		}
	}()
	var birth wire.Birth
	if err := wire.Decode(message, &birth); err != nil {
		return 0, err
	}
	if len(files) != 3 {
		return 0, fmt.Errorf("%d files", len(files))
	}
	attr := birth.Attr()
	attr.Cloneflags |= syscall.CLONE_PARENT
	return syscall.ForkExec("/proc/self/exe", []string{os.Args[0], wire.Command}, &syscall.ProcAttr{
		Dir: "/", Env: os.Environ(), Sys: attr,
		Files: []uintptr{null.Fd(), null.Fd(), uintptr(files[2]), uintptr(files[0]), uintptr(files[1])},
	})
}
