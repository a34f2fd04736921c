package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// nursery starts workers by a small process of low priority, which the runtime tells what to start. To fork a process copies its page tables,
// stops its memory from growing meanwhile, and makes it copy each page that it writes until the new program starts; with
// namespaces of its own that was 1.7 ms of a processor at the runtime's priority, for a runtime of 20 MB. Workers are
// the runtime's children all the same (CLONE_PARENT): it waits for them, and nobody else may.
type nursery struct {
	binary string
	nice   int
	places *places
	spawn  func(wait func())

	mu     sync.Mutex // one birth at a time
	conn   *net.UnixConn
	proc   *os.Process
	closed bool
}

// patience is how long a birth may take. The process has nothing else to do.
const patience = 5 * time.Second

// bear starts a worker with its ends of the pipes and its stderr. After an error it has not; only where the nursery ended between the birth and the news of
// it, there is a worker that nobody knows of, which ends by itself, since its pipes are closed, and stays in the list of processes until this one ends.
func (n *nursery) bear(w wall, in, out, stderr *os.File) (*os.Process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	rights := unix.UnixRights(int(in.Fd()), int(out.Fd()), int(stderr.Fd()))
	for {
		fresh := n.conn == nil
		born, read, err := n.order(w.birth, rights)
		switch {
		case err == nil && born.Error != "":
			return nil, errors.New(born.Error)
		case err == nil:
			return os.FindProcess(born.PID) // it is there until this process waits for it
		}
		n.end()
		if read || fresh {
			return nil, err
		} // else it had ended since the last birth: another starts this worker
	}
}

// order has the process start a worker, and says whether it may have read that it should. The lock is held.
func (n *nursery) order(b wire.Birth, rights []byte) (born wire.Born, read bool, err error) {
	if n.conn == nil {
		if err := n.open(); err != nil {
			return born, false, err
		}
	}
	if err := n.tell(b, rights); err != nil {
		return born, false, err
	}
	born, err = n.hear()
	return born, !errors.Is(err, unix.ECONNRESET), err // which the kernel says where the other end closed with something unread
}

func (n *nursery) tell(b wire.Birth, rights []byte) error {
	if err := n.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, _, err := n.conn.WriteMsgUnix(wire.Encode(b), rights, nil)
	return err
}

func (n *nursery) hear() (born wire.Born, err error) {
	answer := make([]byte, 4096)
	size, err := n.conn.Read(answer)
	if err != nil {
		return born, fmt.Errorf("hear of a worker: %w", err)
	}
	return born, wire.Decode(answer[:size], &born)
}

// open starts the process. The lock is held.
func (n *nursery) open() error {
	if n.closed {
		return errClosed
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "nursery"), os.NewFile(uintptr(pair[1]), "nursery")
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{
		Path: n.binary, Args: []string{"turnkey", wire.Nursery}, Dir: "/", Env: environment,
		ExtraFiles: []*os.File{theirs}, SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := n.places.behind(func() error { return withSlack(timerSlack, cmd.Start) }); err != nil {
		_ = conn.Close()
		return fmt.Errorf("start the nursery: %w", err)
	}
	_ = prefer(cmd.Process.Pid, n.nice) // what it starts begins with that
	n.conn, n.proc = conn.(*net.UnixConn), cmd.Process
	n.spawn(func() { _ = cmd.Wait() })
	return nil
}

// end ends the process; the next birth starts another. The lock is held.
func (n *nursery) end() {
	if n.conn != nil {
		_ = n.conn.Close()
		_ = n.proc.Kill() // already gone is fine
		n.conn, n.proc = nil, nil
	}
}

// rest ends the process until it is needed again.
func (n *nursery) rest() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.end()
}

// close ends it for good.
func (n *nursery) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	n.end()
}
