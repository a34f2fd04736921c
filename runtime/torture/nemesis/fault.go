package nemesis

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// any runtime.
func (n *Nemesis) anyRuntime() *stand.Runtime {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opt.Stand.Runtimes[n.opt.Rand.IntN(len(n.opt.Stand.Runtimes))]
}

func (n *Nemesis) number(most int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opt.Rand.IntN(most)
}

func (n *Nemesis) faults() []fault {
	all := n.common()
	if n.opt.Stand.Plane != nil {
		all = append(all,
			fault{"crash of the control plane and its database", 1, n.crashPlane},
			fault{"freeze of the control plane (SIGSTOP)", 1, n.freezePlane},
		)
	}
	for _, r := range n.opt.Stand.Runtimes {
		if r.HasClock() {
			all = append(all, fault{"clock jump of a runtime", 2, n.skew(r)})
		}
	}
	return all
}

// jumps of a clock: a lost or doubled hour, a correction backwards, a leap second.
var jumps = []time.Duration{time.Hour, -time.Hour, -10 * time.Minute, -time.Second, time.Second}

func (n *Nemesis) skew(r *stand.Runtime) func(context.Context, time.Duration) error {
	return func(ctx context.Context, length time.Duration) error {
		if err := r.Skew(jumps[n.number(len(jumps))]); err != nil {
			return err
		}
		wait(ctx, length)
		return r.Skew(0)
	}
}

func (n *Nemesis) common() []fault {
	return []fault{
		{"freeze of a runtime (SIGSTOP)", 3, n.freeze},
		{"database sessions ended (MongoDB: connections of the next commands closed)", 3, n.terminate},
		{"latency between runtime and database", 2, n.poison(source, latency)},
		{"reset between runtime and database", 3, n.poison(source, reset)},
		{"partition between runtime and database", 3, n.poison(source, partition)},
		{"one-way partition between runtime and database", 2, n.poison(source, oneWay)},
		{"slow close between runtime and database", 1, n.poison(source, slowClose)},
		{"cut between runtime and database", 2, n.cut(source)},
		{"latency between devices and runtime", 1, n.poison(clients, latency)},
		{"reset between devices and runtime", 2, n.poison(clients, reset)},
		{"partition between devices and runtime", 2, n.poison(clients, partition)},
		{"lost answers between devices and runtime", 2, n.poison(clients, oneWay)},
		{"cut between devices and runtime", 1, n.cut(clients)},
		{"crash of the database", 1, n.restart(true)},
		{"restart of the database", 1, n.restart(false)},
		{"rolling restart of a runtime (SIGTERM)", 2, n.roll},
	}
}

func (n *Nemesis) killRuntime(ctx context.Context, length time.Duration) error {
	r := n.anyRuntime()
	r.Kill()
	wait(ctx, length/4)
	return r.Start(context.WithoutCancel(ctx))
}

// killWorker waits for one, for as long as the fault may last.
func (n *Nemesis) killWorker(ctx context.Context, length time.Duration) error {
	for end := time.Now().Add(length); ; wait(ctx, 5*time.Millisecond) {
		if pids := n.anyRuntime().Workers(); len(pids) > 0 {
			pid := pids[n.number(len(pids))]
			n.opt.Log.Add(history.Event{Kind: history.Fault, Note: fmt.Sprintf("worker %d of %d", pid, len(pids))})
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				return nil
			}
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return errNoTarget
		}
	}
}

func (n *Nemesis) roll(ctx context.Context, length time.Duration) error {
	r := n.anyRuntime()
	r.Stop()
	return r.Start(context.WithoutCancel(ctx))
}

func (n *Nemesis) freeze(ctx context.Context, length time.Duration) error {
	r := n.anyRuntime()
	r.Freeze()
	wait(ctx, length)
	r.Thaw()
	return nil
}

func (n *Nemesis) crashPlane(ctx context.Context, _ time.Duration) error {
	return n.opt.Stand.Plane.Restart(context.WithoutCancel(ctx))
}

func (n *Nemesis) freezePlane(ctx context.Context, length time.Duration) error {
	n.opt.Stand.Plane.Control.Freeze()
	wait(ctx, length)
	n.opt.Stand.Plane.Control.Thaw()
	return nil
}

// operate deploys and rotates keys all the time, while everything else happens. What is refused
// because something is down is no fault and is not counted.
func (n *Nemesis) operate(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		what, call := "deployment", n.opt.Stand.Plane.Deploy
		if i%25 == 24 {
			what, call = "rotation of the signing key", n.opt.Stand.Plane.Rotate
		}
		if call(ctx) == nil {
			n.mu.Lock()
			n.changes[what]++
			n.mu.Unlock()
		}
		wait(ctx, 200*time.Millisecond)
	}
}

func (n *Nemesis) terminate(ctx context.Context, _ time.Duration) error {
	_, err := stand.Eventually(context.WithoutCancel(ctx), n.opt.Stand.Database.Terminate)
	return err
}

func (n *Nemesis) restart(crash bool) func(context.Context, time.Duration) error {
	return func(ctx context.Context, _ time.Duration) error {
		return n.opt.Stand.Database.Restart(context.WithoutCancel(ctx), crash)
	}
}

func source(r *stand.Runtime) *stand.Proxy  { return r.Source }
func clients(r *stand.Runtime) *stand.Proxy { return r.Clients }

func latency(random func(int) int) stand.Toxic {
	return stand.Toxic{Kind: "latency", Up: random(2) == 0, Attributes: map[string]int{"latency": random(300), "jitter": random(100)}}
}

// reset ends connections with RST a moment after the next bytes.
func reset(random func(int) int) stand.Toxic {
	return stand.Toxic{Kind: "reset_peer", Up: random(2) == 0, Attributes: map[string]int{"timeout": random(50)}}
}

// partition swallows every byte to the server; oneWay swallows the answers only: what was sent arrives.
func partition(func(int) int) stand.Toxic {
	return stand.Toxic{Kind: "timeout", Up: true, Attributes: map[string]int{"timeout": 0}}
}

func oneWay(func(int) int) stand.Toxic {
	return stand.Toxic{Kind: "timeout", Attributes: map[string]int{"timeout": 0}}
}

func slowClose(random func(int) int) stand.Toxic {
	return stand.Toxic{Kind: "slow_close", Up: random(2) == 0, Attributes: map[string]int{"delay": random(1000)}}
}

func (n *Nemesis) poison(link func(*stand.Runtime) *stand.Proxy, toxic func(random func(int) int) stand.Toxic) func(context.Context, time.Duration) error {
	return func(ctx context.Context, length time.Duration) error {
		heal, err := link(n.anyRuntime()).Poison(toxic(n.number))
		if err != nil {
			return err
		}
		wait(ctx, length)
		heal()
		return nil
	}
}

func (n *Nemesis) cut(link func(*stand.Runtime) *stand.Proxy) func(context.Context, time.Duration) error {
	return func(ctx context.Context, length time.Duration) error {
		heal := link(n.anyRuntime()).Cut()
		wait(ctx, length)
		return heal()
	}
}
