package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/wire"
)

// process is one worker process and our ends of its pipes. One goroutine at a time talks to it; kill and
// doom are for anybody.
type process struct {
	proc   *os.Process
	conn   *channel
	stderr *os.File
	in     *wire.Reader
	layers wire.Greeting
	limits Limits

	buf     []byte
	id      uint32
	ready   bool   // it was told to prepare
	program string // the hash of what is loaded
	served  int
	leased  time.Time
	idle    time.Time // since
	yields  bool      // it has a low priority
	last    bool      // the lowest
	raises  bool      // which can be taken back
	spot    *spot     // where it runs
	short   int       // how many of its last runs did not last
	bundles bool      // its place is in the background
	stuck   string    // why it could not leave that when it was ready
	tired   bool      // and keeps it, because this process may not raise it
	brief   bool      // its last run was short, so its slices are, too
	prompt  bool      // so short that one may wait for it awake

	gone  chan struct{} // closed when it has been waited for
	death death         // set by then

	mu   sync.Mutex
	doom *death // why we end it
}

// Request is one frame to a worker, with its limits.
type Request struct {
	Kind    hook.Kind
	Payload []byte
	// CPU is the processor time that it may take, Calls how often it may call back; zero is the pool's limit.
	CPU   time.Duration
	Calls int
	// Waits is how long the calls back may take together; zero is the pool's limit.
	Waits time.Duration
	// Answer is how many bytes the answer may have; zero is the pool's limit.
	Answer int
	// Yield lets everybody else compute first.
	Yield bool
	// Awake waits for short runs without going to sleep. It is for callers that nobody else here competes with.
	Awake bool
	// Prepare has the worker make ready for the next transaction as soon as it has answered.
	Prepare bool
	// Host does what the program asks for. An error ends the worker and the request, with that error.
	Host Host
}

// Host answers a program's calls back. It is bound to the caller's transaction: nothing in a payload says whose it is.
type Host func(ctx context.Context, payload []byte) ([]byte, error)

// end kills the process for a reason; the first reason stands.
func (p *process) end(class hook.Class, detail string) {
	p.mu.Lock()
	if p.doom == nil {
		p.doom = &death{class: class, detail: detail}
	}
	p.mu.Unlock()
	if !p.dead() { // its memory is taken from it where and when it is in nobody's way
		p.spot.doom()
		_ = prefer(p.proc.Pid, niceLong)
	}
	_ = p.proc.Kill() // already gone is fine
}

// wait reaps the process. It runs once, in a goroutine of the pool.
func (p *process) wait() {
	state, err := p.proc.Wait()
	if err != nil { // somebody else has waited for it
		state = &os.ProcessState{}
	}
	words, _ := io.ReadAll(io.LimitReader(p.stderr, lastWords))
	p.mu.Lock()
	p.death = deathOf(p.doom, state, string(words))
	p.mu.Unlock()
	_ = p.stderr.Close()
	p.conn.Close()
	p.spot.bury()
	close(p.gone)
}

func (p *process) dead() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// fate is how it ended, or why we end it. A process that was killed is not waited for: on a busy machine even
// dying takes its time, and the answer is known.
func (p *process) fate() death {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead() || p.doom == nil {
		return p.death
	}
	return *p.doom
}

// lost is the failure of a request whose process ended, or has to.
func (p *process) lost(class hook.Class, detail string, cause error) *Failure {
	p.end(class, detail)
	d := p.fate()
	return &Failure{Class: d.class, Message: messages[d.class], Detail: d.detail, Outside: d.outside, Err: cause}
}

// prepare tells an idle worker, once, to make ready for the next transaction.
func (p *process) prepare() {
	if !p.ready {
		p.ready = true
		p.conn.tell(wire.Append(nil, wire.Frame{Kind: wire.Prepare}))
	}
}

// expect tells an idle worker that a request follows at once. Who was not quick the last time is not worth it.
func (p *process) expect() {
	if p.prompt {
		p.conn.tell(wire.Append(nil, wire.Frame{Kind: wire.Expect}))
	}
}

// exchange is one request under way.
type exchange struct {
	*process
	ctx   context.Context
	q     Request
	meter meter
	over  bool  // its time is; what lies there already still counts
	awake bool  // nothing has been waited for yet, and it does not take long
	turn  *turn // given back during calls back
	calls int
}

// request sends one and waits for its answer, serving the program's calls meanwhile. After an error the
// process is gone. retire says that it should be.
func (p *process) request(ctx context.Context, q Request, t *turn) (payload []byte, retire bool, err error) {
	if p.in.Rest() {
		return nil, false, p.lost(hook.ClassCrashed, "it spoke without being asked", nil)
	}
	x := &exchange{process: p, ctx: ctx, q: q, turn: t, awake: q.Awake && p.prompt, meter: p.limits.meter(p.proc.Pid, q.CPU)}
	p.id++
	p.served++
	p.ready = q.Prepare
	p.in.Limit(max(q.Answer, p.limits.Frame))
	stop := context.AfterFunc(ctx, p.conn.interrupt)
	defer stop()
	untried := p.short < trusted // at the low priority as well: beside who wakes, it otherwise has a share due that is worth milliseconds
	if q.Yield || untried && p.raises {
		p.yield()
	}
	if q.Yield || untried {
		p.spot.keep(true)
	} else {
		p.spot.enter()
	}
	defer p.hurry()
	if failure := x.send(); failure != nil {
		return nil, false, failure
	}
	for {
		f, failure := x.read()
		if failure != nil {
			return nil, false, failure
		}
		switch {
		case f.Kind == hook.KindHostCall:
			if failure := x.serve(f); failure != nil {
				return nil, false, failure
			}
		case f.Kind == wire.Retire && f.ID == p.id && !retire:
			retire = true
		case f.Kind == answerTo[q.Kind] && f.ID == p.id:
			if q.Kind == hook.KindRun {
				took := time.Since(x.meter.began) - x.meter.host
				p.prompt = took < attention
				p.prove(x.meter.hogs)
				p.settle(took)
			}
			return f.Payload, retire, nil
		case f.Kind == hook.KindBroken && f.ID == p.id:
			return nil, false, p.lost(hook.ClassCrashed, "it could not read the request", nil)
		default:
			return nil, false, p.lost(hook.ClassCrashed, fmt.Sprintf("a frame of kind %d and id %d answers request %d of kind %d", f.Kind, f.ID, p.id, q.Kind), nil)
		}
	}
}

// answerTo names what answers a request.
var answerTo = map[hook.Kind]hook.Kind{
	hook.KindLoad: hook.KindLoaded, hook.KindRun: hook.KindRan, hook.KindBundle: hook.KindBundled, hook.KindTest: hook.KindTested,
}

// selfExit is how long after the kill was due a worker ends itself, in case the runtime stands still.
const selfExit = time.Second

func (x *exchange) send() *Failure {
	l := x.limits
	x.buf = wire.AppendLimits(x.buf[:0], wire.Limits{CPU: x.q.CPU, Wall: l.softWall(x.q.CPU), Exit: (1+forbearance)*l.hardWall(x.q.CPU) + x.q.Waits + selfExit, Prepare: x.q.Prepare})
	x.buf = wire.Append(x.buf, wire.Frame{Kind: x.q.Kind, ID: x.id, Payload: x.q.Payload})
	failure := x.write(x.buf)
	if cap(x.buf) > mib {
		x.buf = nil
	}
	return failure
}

// write sends bytes within the limits of the request.
func (x *exchange) write(b []byte) *Failure {
	for len(b) > 0 {
		if failure := x.allow(); failure != nil {
			return failure
		}
		n, err := x.conn.Write(b)
		b = b[n:]
		if errors.Is(err, os.ErrDeadlineExceeded) {
			x.looked()
		} else if err != nil {
			return x.hungUp()
		}
	}
	return nil
}

// attention is for how long a request is waited for awake: twice what most hooks take.
const attention = 500 * time.Microsecond

// read reads a frame within the limits of the request.
func (x *exchange) read() (wire.Frame, *Failure) {
	if x.awake {
		x.awake = false
		x.conn.attend(attention)
	}
	for {
		f, err := x.in.Next()
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			x.looked()
			if failure := x.allow(); failure != nil {
				return f, failure
			}
		case errors.Is(err, wire.ErrKind) || errors.Is(err, wire.ErrTooLarge):
			return f, x.lost(hook.ClassCrashed, err.Error(), nil)
		default:
			return f, x.hungUp()
		}
	}
}

// dying is how long a process may take from closing its pipe to being reaped.
const dying = time.Second

// hungUp is the failure of a worker that closed its pipe. It is ending: its own last words say why.
func (x *exchange) hungUp() *Failure {
	t := time.NewTimer(dying)
	defer t.Stop()
	select {
	case <-x.gone:
	case <-t.C:
	}
	return x.lost(hook.ClassCrashed, "it closed its pipe", nil)
}

// looked: it is time to look, or somebody ended the context.
func (x *exchange) looked() {
	x.conn.looked()
	x.meter.expired(time.Now())
}

// allow lets reads and writes wait until the meter wants to look again.
func (x *exchange) allow() *Failure {
	left := x.meter.left()
	if left <= 0 && !x.over { // this process may have stood still, and the answer lie there
		x.over, left = true, time.Millisecond
	} else if left <= 0 {
		return x.lost(hook.ClassTimeout, "killed at the hard deadline", nil)
	}
	if x.meter.slow || x.meter.long && x.raises {
		x.yield()
	}
	if x.meter.starves {
		x.feed()
	}
	if x.last {
		left = min(left, starving)
	}
	if x.meter.hogs {
		x.spot.keep(true)
	}
	if err := x.conn.look(x.meter.next(left)); err != nil {
		return x.hungUp() // closed by who reaped it
	}
	if x.ctx.Err() != nil { // looked at last: whoever ends the context sets the deadline after it
		failure := aborted(x.ctx)
		x.end(hook.ClassAborted, "given up")
		return failure
	}
	return nil
}

// serve does one call of the program.
func (x *exchange) serve(f wire.Frame) *Failure {
	x.calls++
	switch {
	case x.q.Host == nil || x.calls > x.q.Calls:
		return x.lost(hook.ClassCrashed, fmt.Sprintf("it called back %d times", x.calls), nil)
	case f.ID != uint32(x.calls):
		return x.lost(hook.ClassCrashed, fmt.Sprintf("call %d calls itself %d", x.calls, f.ID), nil)
	case len(f.Payload) > x.limits.Call:
		return x.lost(hook.ClassCrashed, fmt.Sprintf("a call of %d bytes", len(f.Payload)), nil)
	}
	began := time.Now()
	x.turn.pause()
	ctx, cancel := context.WithTimeout(x.ctx, x.q.Waits-x.meter.host)
	answer, err := x.q.Host(ctx, f.Payload)
	late := ctx.Err() != nil && x.ctx.Err() == nil
	cancel()
	x.turn.resume()
	x.meter.host += time.Since(began)
	switch {
	case late && time.Since(began) > x.q.Waits/2: // one call alone: a lock, or a database that is away
		x.end(hook.ClassAborted, "a call of it waited too long")
		return unavailable("A call of the hook was not answered in time.", time.Second, err)
	case late:
		return x.lost(hook.ClassTimeout, "its calls took too long", err)
	case errors.As(err, new(nonsense)):
		return x.lost(hook.ClassCrashed, "it asked for what no engine asks", err)
	case err != nil:
		x.end(hook.ClassAborted, "given up by the runtime")
		return &Failure{Class: hook.ClassAborted, Message: messages[hook.ClassAborted], Err: err}
	}
	x.buf = wire.Append(x.buf[:0], wire.Frame{Kind: hook.KindHostResult, ID: f.ID, Payload: answer})
	return x.write(x.buf)
}
