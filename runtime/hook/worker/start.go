package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/wire"
)

// launcher starts workers, each in the strongest isolation that this system allows.
type launcher struct {
	binary string
	opts   Options
	spawn  func(wait func()) // runs in a goroutine that somebody waits for
	raises bool              // this process may give a worker back the priority that it took away
	places *places           // on which processors they run
	forks  *nursery          // starts most of them

	mu     sync.Mutex
	walls  []wall
	proven bool // the first of walls has worked: it is not given up for a weaker one any more
	lost   []wire.Missing
	need   []string // layers without which a worker is not used
	last   *wire.Greeting
}

func newLauncher(opts Options, spawn func(wait func())) *launcher {
	l := &launcher{binary: opts.Binary, opts: opts, spawn: spawn, walls: walls(), lost: unwalled(), raises: mayRaise(), places: newPlaces()}
	l.forks = &nursery{binary: opts.Binary, nice: niceRun, places: l.places, spawn: spawn}
	if l.raises {
		l.forks.nice = niceLong
	}
	return l
}

// wall is one way of starting a process apart from this one.
type wall struct {
	layers     []string
	namespaced bool
	birth      wire.Birth
}

// start starts a worker and waits until it has locked itself in.
func (l *launcher) start(ctx context.Context, limits Limits, nice int) (*process, error) {
	for {
		l.mu.Lock()
		w, proven, last := l.walls[0], l.proven, len(l.walls) == 1
		l.mu.Unlock()
		first := nice
		if l.raises { // a start is in nobody's way
			first = niceLast
		}
		p, err := l.open(w, limits, first)
		if err != nil && !proven && !last {
			l.weaken(w, err)
			continue
		} else if err != nil {
			return nil, fmt.Errorf("start a worker: %w", err)
		}
		p.bundles = nice == niceLong
		l.spawn(p.wait)
		if err := l.greet(ctx, p, w, nice); err != nil {
			p.end(hook.ClassUnavailable, "it was never ready")
			<-p.gone
			if p.death.detail != "" {
				err = fmt.Errorf("%w (%s)", err, p.death.detail)
			}
			return nil, fmt.Errorf("a worker did not get ready: %w", err)
		}
		if p.stuck != "" && l.places.refuse(errors.New(p.stuck)) {
			l.forks.rest() // the next one is not kept there either
			p.end(hook.ClassUnavailable, "it could not leave the processors of the background")
			continue
		}
		p.spot.keep(p.bundles)
		if first != nice {
			_ = prefer(p.proc.Pid, nice) // it is gone, or may be raised
		}
		return p, nil
	}
}

// weaken gives up a wall that this system refuses.
func (l *launcher) weaken(w wall, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.walls = l.walls[1:]
	for _, name := range w.layers {
		if !slices.Contains(l.walls[0].layers, name) {
			l.lost = append(l.lost, wire.Missing{Layer: name, Reason: err.Error()})
		}
	}
}

// environment is for Go's runtime; the worker clears it before anything else. Last words are one line, the collector
// waits a little, and no file about processors is kept open.
var environment = []string{"TZ=", "GOTRACEBACK=none", "GOMAXPROCS=1", "GOGC=200", "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}

// timerSlack is by how much a worker's timers may be late. The watchdog of Go's runtime wakes every 20 us while something runs: it takes
// the processor from what it watches, and, where that waits for a moment, hands its place to another thread, which has to be woken,
// and puts the watchdog to sleep, which the next request then wakes.
const timerSlack = 5 * time.Millisecond

// open starts the process.
func (l *launcher) open(w wall, limits Limits, nice int) (*process, error) {
	ours, theirs, err := newChannel()
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = theirs[0].Close(), theirs[1].Close() }()
	words, stderr, err := os.Pipe()
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer stderr.Close()
	proc, err := l.fork(w, theirs, stderr)
	if err != nil {
		ours.Close()
		_ = words.Close()
		return nil, err
	}
	_ = prefer(proc.Pid, nice) // starting must not be in others' way either; the worker itself sees to it that it holds
	return &process{
		proc: proc, conn: ours, stderr: words, limits: limits, gone: make(chan struct{}), raises: l.raises, spot: newSpot(l.places, proc.Pid),
		in: wire.NewReader(ours, wire.FromWorker, limits.Frame),
	}, nil
}

// fork makes the process: by the nursery, if a start behind this wall has worked, since what fails there leaves nobody to be waited for.
func (l *launcher) fork(w wall, theirs []*os.File, stderr *os.File) (*os.Process, error) {
	l.mu.Lock()
	proven := l.proven
	l.mu.Unlock()
	if proven {
		proc, err := l.forks.bear(w, theirs[0], theirs[1], stderr)
		if err == nil {
			return proc, nil
		}
		if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, errClosed) {
			l.opts.Log.Warn("the nursery did not start a worker, so the runtime does", "error", err)
		}
	}
	cmd := &exec.Cmd{
		Path: l.binary, Args: []string{"turnkey", wire.Command}, Dir: "/",
		Env:    environment,
		Stderr: stderr, ExtraFiles: theirs, SysProcAttr: w.birth.Attr(),
	}
	if err := l.places.behind(func() error { return withSlack(timerSlack, cmd.Start) }); err != nil {
		return nil, err
	}
	return cmd.Process, nil
}

// greet gives the order and takes the greeting.
func (l *launcher) greet(ctx context.Context, p *process, w wall, nice int) error {
	stop := context.AfterFunc(ctx, p.conn.interrupt)
	defer stop()
	if err := l.allow(ctx, p, starving); err != nil {
		return err
	}
	var processors []int
	if !p.bundles && l.places.room() > 0 {
		processors = l.places.list()
	}
	order := wire.Encode(wire.Order{
		Namespaced: w.namespaced, Memory: p.limits.Memory, Files: 16, Processes: 64, Stack: 32 * mib, Nice: nice, OOM: 900,
		Frame: wire.MaxPayload, Processors: processors, Without: l.opts.Without,
	})
	if _, err := p.conn.Write(wire.Append(nil, wire.Frame{Kind: wire.Setup, Payload: order})); err != nil {
		return err
	}
	f, err := l.hear(ctx, p)
	if err != nil {
		return err
	}
	if f.Kind != wire.Hello {
		return fmt.Errorf("its first frame is of kind %d", f.Kind)
	}
	if err := wire.Decode(f.Payload, &p.layers); err != nil {
		return err
	}
	return l.judge(p, w)
}

// hear waits for the greeting. A start that takes long has no processor, because others do who are more urgent: it does not stay at the end of the line.
func (l *launcher) hear(ctx context.Context, p *process) (wire.Frame, error) {
	f, err := p.in.Next()
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return f, err
	}
	if l.raises {
		_ = prefer(p.proc.Pid, niceLong) // it is gone
	}
	p.conn.looked()
	if err := l.allow(ctx, p, l.opts.Sizes.Start); err != nil {
		return f, err
	}
	return p.in.Next()
}

// allow lets a start take so long.
func (l *launcher) allow(ctx context.Context, p *process, most time.Duration) error {
	now := time.Now()
	if err := p.conn.look(now, now.Add(most)); err != nil {
		return err
	}
	return ctx.Err() // looked at last: whoever ends the context sets the deadline after it
}

// judge adds the layers of the start to those of the worker, and refuses one that lacks what is required.
func (l *launcher) judge(p *process, w wall) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.layers.Active = append(p.layers.Active, w.layers...)
	for _, m := range l.lost { // given up with one wall, and perhaps part of the next
		if !slices.Contains(p.layers.Active, m.Layer) && !slices.ContainsFunc(p.layers.Failed, func(o wire.Missing) bool { return o.Layer == m.Layer }) {
			p.layers.Failed = append(p.layers.Failed, m)
		}
	}
	l.placed(p)
	l.last, l.proven = &p.layers, true
	for _, name := range l.need {
		if !slices.Contains(p.layers.Active, name) {
			return fmt.Errorf("it lacks the required layer %s", name)
		}
	}
	return nil
}

// placed adds whether workers are kept to their processors. A worker that was to leave those of the background has said whether it could.
func (l *launcher) placed(p *process) {
	said := func(m wire.Missing) bool { return m.Layer == wire.Processors }
	if at := slices.IndexFunc(p.layers.Failed, said); at >= 0 {
		p.stuck = p.layers.Failed[at].Reason
	} else if why := l.places.lost(); why != "" {
		p.layers.Failed = append(p.layers.Failed, wire.Missing{Layer: wire.Processors, Reason: why})
	} else if !slices.Contains(p.layers.Active, wire.Processors) { // it stays there
		p.layers.Active = append(p.layers.Active, wire.Processors)
	}
}
