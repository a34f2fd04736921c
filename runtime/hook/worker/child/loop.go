package child

import (
	"errors"
	"fmt"
	"io"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/wire"
)

// keepBuffer is the largest buffer for writing that is kept between frames.
const keepBuffer = 256 << 10

// attention is for how long a request that was announced is waited for awake. It comes within half of that; what announced it may
// also end without one, or have been wrong.
const attention = 250 * time.Microsecond

// loop answers requests, one at a time.
type loop struct {
	conn    conn
	in      *wire.Reader
	handler Handler
	watch   *watch
	limits  wire.Limits // of the next request
	buf     []byte
}

func newLoop(c conn, in *wire.Reader, h Handler) *loop {
	return &loop{conn: c, in: in, handler: h, watch: newWatch(h.Interrupt)}
}

// serve returns nil when the runtime has closed the pipe.
func (l *loop) serve() error {
	for {
		f, err := l.in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case err != nil:
		case f.Kind == wire.Limit:
			l.limits, err = wire.ParseLimits(f.Payload)
		case f.Kind == wire.Prepare:
			l.handler.Idle()
		case f.Kind == wire.Expect:
			if !l.in.Rest() {
				wire.Attend(wire.In, attention)
			}
		case wire.Request(f.Kind):
			err = l.request(f)
		default:
			err = fmt.Errorf("a frame of kind %d is no request", f.Kind)
		}
		if err != nil {
			return err
		}
	}
}

// request does one thing, within its limits, and answers.
func (l *loop) request(f wire.Frame) error {
	calls := exchange{loop: l}
	l.watch.start(l.limits)
	reply := l.handler.Serve(f.Kind, f.Payload, calls.call)
	late := l.watch.stop()
	if calls.broken != nil {
		return calls.broken
	}
	l.buf = l.buf[:0]
	retire := late || reply.Retire
	if retire {
		l.buf = wire.Append(l.buf, wire.Frame{Kind: wire.Retire, ID: f.ID})
	}
	if err := l.write(wire.Frame{Kind: reply.Kind, ID: f.ID, Payload: reply.Payload}); err != nil || retire || !l.limits.Prepare {
		return err
	}
	l.handler.Idle() // while the runtime reads
	return nil
}

// write sends a frame behind what waits in the buffer.
func (l *loop) write(f wire.Frame) error {
	l.buf = wire.Append(l.buf, f)
	err := l.conn.send(l.buf)
	l.buf = l.buf[:0]
	if cap(l.buf) > keepBuffer {
		l.buf = nil
	}
	return err
}

// exchange carries the calls that one request makes back into the runtime. Their ids count from 1; the
// runtime insists.
type exchange struct {
	loop   *loop
	last   uint32
	broken error // the pipe's; nothing works after it
}

// call is a hook.Exchange.
func (x *exchange) call(payload []byte) ([]byte, error) {
	if x.broken != nil {
		return nil, x.broken
	}
	x.last++
	if x.broken = x.loop.write(wire.Frame{Kind: hook.KindHostCall, ID: x.last, Payload: payload}); x.broken != nil {
		return nil, x.broken
	}
	x.loop.watch.pause()
	f, err := x.loop.in.Next()
	x.loop.watch.resume()
	switch {
	case err != nil:
		x.broken = err
	case f.Kind != hook.KindHostResult || f.ID != x.last:
		x.broken = fmt.Errorf("a frame of kind %d and id %d in the place of answer %d", f.Kind, f.ID, x.last)
	}
	return f.Payload, x.broken
}
