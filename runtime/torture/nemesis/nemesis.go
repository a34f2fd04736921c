// Package nemesis breaks things while devices write: it kills, freezes, partitions and restarts, one
// fault after the other, and heals all of it at the end. It must not know what is written or checked.
package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// Options of a nemesis.
type Options struct {
	Stand *stand.Stand
	Log   *history.Recorder
	Rand  *rand.Rand
	// Workers is how many workers of hooks are killed.
	Workers int
	// Kills and Others are how many faults the whole time has.
	Kills, Others int
	// Time is how long the faults are spread over.
	Time time.Duration
	// Longest bounds how long one fault lasts.
	Longest time.Duration
}

// Nemesis counts what it did.
type Nemesis struct {
	opt Options
	mu  sync.Mutex
	did map[string]int
	// changes are what operators did meanwhile.
	changes map[string]int
	err     error // what could not be healed
}

// New makes a nemesis; Run sets it loose.
func New(opt Options) *Nemesis {
	return &Nemesis{opt: opt, did: map[string]int{}, changes: map[string]int{}}
}

// Counts are the faults so far, by kind.
func (n *Nemesis) Counts() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.did)
}

// Changes are the deployments and key rotations so far.
func (n *Nemesis) Changes() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.changes)
}

// kill and workerKill are the faults that are counted by themselves.
const (
	kill       = "kill -9 of a runtime"
	workerKill = "kill -9 of a worker of hooks"
)

// errNoTarget: there was nothing to strike.
var errNoTarget = errors.New("nothing to strike")

// Kills and Others split the count.
func (n *Nemesis) Kills() int { return n.Counts()[kill] }

// WorkerKills are those of workers of hooks.
func (n *Nemesis) WorkerKills() int { return n.Counts()[workerKill] }

// Others are all faults but kills.
func (n *Nemesis) Others() (sum int) {
	for kind, count := range n.Counts() {
		if kind != kill && kind != workerKill {
			sum += count
		}
	}
	return sum
}

// fault breaks something; it returns when it is whole again. The context's end means: heal now.
type fault struct {
	kind   string
	weight int
	strike func(ctx context.Context, length time.Duration) error
}

// Run strikes until its counts are reached or the context ends. Kills and other faults run side by
// side, as they do in life. Everything is healed when it returns.
func (n *Nemesis) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { n.loop(ctx, n.opt.Kills, n.split(), []fault{{kill, 1, n.killRuntime}}) })
	wg.Go(func() { n.loop(ctx, n.opt.Workers, n.split(), []fault{{workerKill, 1, n.killWorker}}) })
	wg.Go(func() { n.loop(ctx, n.opt.Others, n.split(), n.faults()) })
	operators, stop := context.WithCancel(ctx)
	defer stop()
	var operating sync.WaitGroup
	if n.opt.Stand.Plane != nil {
		operating.Go(func() { n.operate(operators) })
	}
	wg.Wait()
	stop()
	operating.Wait()
	return n.err
}

// split gives each loop a source of randomness of its own.
func (n *Nemesis) split() *rand.Rand {
	return rand.New(rand.NewPCG(n.opt.Rand.Uint64(), n.opt.Rand.Uint64()))
}

func (n *Nemesis) loop(ctx context.Context, count int, random *rand.Rand, faults []fault) {
	if count == 0 {
		return
	}
	var bag []fault
	for _, f := range faults {
		for range f.weight {
			bag = append(bag, f)
		}
	}
	start, gap := time.Now(), n.opt.Time/time.Duration(count)
	for i := range count {
		due := start.Add(time.Duration(i)*gap + time.Duration(random.Int64N(int64(gap)/2+1)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		f := bag[random.IntN(len(bag))]
		length := time.Duration(random.Int64N(int64(min(n.opt.Longest, gap)) + 1))
		n.opt.Log.Add(history.Event{Kind: history.Fault, Note: f.kind})
		err := f.strike(ctx, length)
		n.mu.Lock()
		if !errors.Is(err, errNoTarget) {
			n.did[f.kind]++
		} else {
			err = nil
		}
		if err != nil && n.err == nil {
			n.err = fmt.Errorf("%s: %w", f.kind, err)
		}
		n.mu.Unlock()
	}
}

// wait lets a fault last.
func wait(ctx context.Context, length time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
}
