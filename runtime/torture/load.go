package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
	"turnkey/runtime/torture/workload"
)

// load drives all devices of all workloads at once.
type load struct {
	*tortured
	copies sync.WaitGroup // requests on their way
	made   atomic.Int64   // operations queued

	mu      sync.Mutex
	drivers []*driver
	devices map[string]int // by table, clones among them
	wg      sync.WaitGroup
	stop    chan struct{} // closed: write no more, only drain
	healed  chan struct{} // closed: the 30 seconds run,
	since   time.Time     // since then
}

// driver is the life of one device.
type driver struct {
	*load
	work   workload.Workload
	maker  *workload.Maker
	device *client.Device
	random *rand.Rand
	every  time.Duration // between transactions, were the device the workload's only one
	clones int
}

func newLoad(r *tortured) *load {
	return &load{tortured: r, devices: map[string]int{}, stop: make(chan struct{}), healed: make(chan struct{})}
}

// run starts every device, sets the nemesis loose, and waits until all queues are empty again.
func (l *load) run(ctx context.Context) error {
	for _, w := range l.loads {
		for i := range w.Devices {
			name := fmt.Sprintf("%s.%d", w.Table, i)
			l.start(ctx, &driver{
				load: l, work: w, maker: &workload.Maker{Device: name, Rand: l.split()}, random: l.split(),
				every: l.pace(w), device: l.device(name, w.Form(i)),
			})
		}
	}
	var background sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	background.Go(func() { l.progress(ctx) })
	if !l.skipSnapshots() {
		background.Go(func() { l.snapshots(ctx) })
	}
	err := l.broken(ctx)
	l.since = time.Now()
	close(l.healed)
	l.wg.Wait()
	l.drained = time.Since(l.since)
	l.copies.Wait() // late copies are part of the load
	cancel()
	background.Wait()
	return err
}

// broken lets the nemesis work until the operations and the faults are done, and then heals.
func (l *load) broken(ctx context.Context) error {
	faults, heal := context.WithCancel(ctx)
	defer heal()
	done := make(chan error, 1)
	go func() { done <- l.nemesis.Run(faults) }()
	var err error
	select {
	case err = <-done:
	case <-time.After(2 * l.size.load):
		heal()
		err = <-done
	}
	for deadline := time.Now().Add(l.size.load); int(l.made.Load()) < l.size.operations && time.Now().Before(deadline) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
	}
	close(l.stop)
	return err
}

// pace spreads the operations of a workload over the time: transactions are that far from each other on average.
func (l *load) pace(w workload.Workload) time.Duration {
	const perTransaction = 2.5
	transactions := float64(l.size.operations) / float64(len(l.loads)) / perTransaction
	return time.Duration(float64(l.size.load) / transactions)
}

// gap is how long a device waits on average between transactions: clones share the pace of their workload, or a
// long run would end with a multiple of its load.
func (d *driver) gap() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.every * time.Duration(d.devices[d.work.Table])
}

func (r *tortured) split() *rand.Rand {
	return rand.New(rand.NewPCG(r.random.Uint64(), r.random.Uint64()))
}

func (l *load) device(name string, form client.Form) *client.Device {
	return client.New(client.Options{
		Name: name, ClientID: "client-" + name, Subject: "user-" + name, Form: form, Transport: l.stand.HTTP,
		Log: l.log, Rand: l.split(), Copies: &l.copies, Late: l.size.late, LongestWait: time.Second,
		Odds: client.Odds{Twice: 0.02, Late: 0.03, Impatient: 0.02},
	})
}

func (l *load) start(ctx context.Context, d *driver) {
	l.mu.Lock()
	l.drivers = append(l.drivers, d)
	l.devices[d.work.Table]++
	l.mu.Unlock()
	l.wg.Go(func() { d.live(ctx) })
}

// live writes, uploads and suffers until the load ends, and then drains.
func (d *driver) live(ctx context.Context) {
	next := time.Now().Add(time.Duration(d.random.Int64N(int64(d.gap()) + 1)))
	d.sync(ctx)
	for ctx.Err() == nil && !closed(d.stop) {
		if now := time.Now(); !now.Before(next) {
			next = later(now, next, time.Duration(d.random.Int64N(2*int64(d.gap())+1)))
			ops := d.work.Next(d.maker, d.device.View())
			d.made.Add(int64(len(ops)))
			d.device.Write(ops)
			d.suffer(ctx)
		}
		pause := time.Until(next)
		if d.device.Pending() > 0 {
			pause = min(d.device.Upload(ctx), max(pause, time.Millisecond))
		} else {
			d.sync(ctx)
		}
		sleep(ctx, pause, d.stop)
	}
	d.drain(ctx)
}

// later keeps the pace when a device has been held up, but lets no burst of more than a second build.
func later(now, due time.Time, gap time.Duration) time.Time {
	if now.Sub(due) > time.Second {
		due = now
	}
	return due.Add(gap)
}

// suffer is what happens to devices now and then.
func (d *driver) suffer(ctx context.Context) {
	switch n := d.random.IntN(400); {
	case n < 4:
		d.device.PowerLoss(1 + d.random.IntN(5))
	case n < 6 && d.clones < 3:
		d.clones++
		d.clone(ctx)
	case n < 7:
		d.device.SwitchUser(fmt.Sprintf("user-%s-%d", d.device.Name(), d.random.Uint32()))
	}
}

func (d *driver) clone(ctx context.Context) {
	name := fmt.Sprintf("%s'%d", d.device.Name(), d.clones)
	random := rand.New(rand.NewPCG(d.random.Uint64(), d.random.Uint64()))
	c := d.device.Clone(name, d.random.IntN(4), random)
	d.start(ctx, &driver{
		load: d.load, work: d.work, maker: &workload.Maker{Device: name, Rand: random}, random: rand.New(rand.NewPCG(random.Uint64(), 1)),
		every: d.every, device: c, clones: 3,
	})
}

// sync downloads the table when nothing waits for upload, and looks at it.
func (d *driver) sync(ctx context.Context) {
	if !d.work.Shared {
		return
	}
	view, err := d.stand.Database.View(ctx, d.work.Table)
	if err != nil { // the database is down; the device is offline
		return
	}
	if d.device.Sync(view) && d.work.Reads {
		d.device.Read("", keys(view))
	}
}

func keys(view client.View) []string {
	out := make([]string, 0, len(view))
	for key := range view {
		out = append(out, key)
	}
	return out
}

// drain empties the queue; from healing on it may take no longer than promised.
func (d *driver) drain(ctx context.Context) {
	late := func() bool { return closed(d.healed) && time.Since(d.since) > drainWithin }
	for d.device.Pending() > 0 && ctx.Err() == nil && !late() {
		sleep(ctx, d.device.Upload(ctx), nil)
	}
	if late() {
		d.device.Report(history.Stuck, fmt.Sprintf("%d operations left %s after healing", d.device.Pending(), time.Since(d.since).Round(time.Millisecond)))
		return
	}
	d.device.Report(history.Drained, "")
}

// readAll lets every device that shares rows look at them when all is quiet.
func (l *load) readAll(ctx context.Context) {
	for _, d := range l.drivers {
		if !d.work.Shared {
			continue
		}
		view, err := stand.Eventually(ctx, func(ctx context.Context) (client.View, error) { return d.stand.Database.View(ctx, d.work.Table) })
		if err == nil && d.device.Sync(view) {
			d.device.Read("final", keys(view))
		}
	}
}

// snapshots adds up all accounts, again and again.
func (l *load) snapshots(ctx context.Context) {
	for ctx.Err() == nil {
		if view, err := l.stand.Database.View(ctx, "accounts"); err == nil {
			sum := int64(0)
			for _, row := range view {
				sum += row.N
			}
			l.log.Add(history.Event{Kind: history.Snapshot, Sum: sum})
		}
		sleep(ctx, 50*time.Millisecond, nil)
	}
}

func (l *load) skipSnapshots() bool {
	for _, w := range l.loads {
		if w.Table == "accounts" {
			return false
		}
	}
	return true
}

func (l *load) progress(ctx context.Context) {
	start := time.Now()
	for {
		sleep(ctx, 10*time.Second, nil)
		if ctx.Err() != nil {
			return
		}
		fmt.Fprintf(os.Stderr, "%s: %4.0f s, %d operations queued, %d kills, %d other faults\n",
			l.database, time.Since(start).Seconds(), l.made.Load(), l.nemesis.Kills(), l.nemesis.Others())
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// sleep waits, less when one of both ends.
func sleep(ctx context.Context, d time.Duration, end <-chan struct{}) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-end:
	}
}
