package worker

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"turnkey/runtime/hook/worker/wire"
)

// channel is our ends of the two pipes to a worker. Pipes, because a poller that watches a socket is woken whenever the other
// end has taken something out of it, too: that would be once for each request, just when the worker needs the processor.
type channel struct {
	in, out *os.File // from the worker, and to it
	until   time.Time
}

// newChannel makes one, and the worker's ends, which it reads and writes with plain blocking calls.
func newChannel() (ours *channel, theirs []*os.File, err error) {
	theirIn, out, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("pipe: %w", err)
	}
	in, theirOut, err := os.Pipe()
	if err != nil {
		_, _ = theirIn.Close(), out.Close()
		return nil, nil, fmt.Errorf("pipe: %w", err)
	}
	ours, theirs = &channel{in: in, out: out}, []*os.File{theirIn, theirOut}
	for _, f := range theirs {
		if err := syscall.SetNonblock(int(f.Fd()), false); err != nil {
			_, _ = theirIn.Close(), theirOut.Close()
			ours.Close()
			return nil, nil, err
		}
	}
	return ours, theirs, nil
}

func (c *channel) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *channel) Write(p []byte) (int, error) { return c.out.Write(p) }

// Close closes both ends.
func (c *channel) Close() { _ = errors.Join(c.in.Close(), c.out.Close()) } // nobody reads or writes any more

// look lets what waits return at a time, or somewhat before it: a look that is due from an earlier request is left as it is, because
// moving a timer wakes Go's poller, and that would be with each request.
func (c *channel) look(now, at time.Time) error {
	if c.until.After(now) && !c.until.After(at) {
		return nil
	}
	c.until = at
	return errors.Join(c.in.SetReadDeadline(at), c.out.SetWriteDeadline(at))
}

// looked is told that something returned because it was time to look.
func (c *channel) looked() { c.until = time.Time{} }

// tell writes a few bytes if there is room for them, and never waits: whoever does not read its pipe is in nobody's way. A
// write of so few is whole or none.
func (c *channel) tell(b []byte) {
	raw, err := c.out.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // not its Write, which fails when the last request's deadline has passed
		_, _ = syscall.Write(int(fd), b) // no room, or nobody there: it was only good advice
	})
}

// attend waits for an answer without going to sleep, for so long at most; the read behind it sees what has come, or that we have closed it.
func (c *channel) attend(most time.Duration) {
	raw, err := c.in.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { wire.Attend(int(fd), most) })
}

// interrupt lets what waits return at once. It is for anybody.
func (c *channel) interrupt() {
	past := time.Unix(1, 0)
	_ = errors.Join(c.in.SetReadDeadline(past), c.out.SetWriteDeadline(past)) // closed is fine
}
