package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"
)

const (
	instances = 1000
	maxLive   = 100
	idleAfter = 2 * time.Second
)

// popular are streams to all instances, few of them often and most seldom.
func popular(perSecond float64) []stream {
	const draws = 20_000
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, instances-1)
	weights := map[int]int{}
	for range draws {
		weights[int(zipf.Uint64())]++
	}
	var streams []stream
	for i, n := range weights {
		streams = append(streams, stream{hostName(i), perSecond * float64(n) / draws})
	}
	return streams
}

// many asks 1,000 instances while few may be open.
func many(ctx context.Context, b *bench, s settings) (_ bool, err error) {
	alone, err := b.heapOfOne(ctx)
	if err != nil {
		return false, err
	}
	t, err := b.start(ctx, instances, fmt.Sprintf("--max-live-instances=%d", maxLive), "--idle-after="+idleAfter.String())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	at, err := url.Parse(b.database())
	if err != nil {
		return false, err
	}
	stop, peak := make(chan struct{}), make(chan usage)
	go func() { peak <- t.watch(at.Port(), stop) }()
	met := offer(ctx, t, popular(60), s.many)
	close(stop)
	most := <-peak
	if most.err != nil {
		return false, most.err
	}
	var sum seen
	asked := 0
	for _, m := range met {
		if len(m.latencies) > 0 {
			asked++
		}
		sum.add(m)
	}
	if sum.successes == 0 {
		return false, errNothingWritten
	}
	if err := t.awaitIdle(ctx, at.Port()); err != nil {
		return false, err
	}
	idle, err := t.heap(ctx)
	if err != nil {
		return false, err
	}
	fmt.Printf("%d instances, %d asked, at most %d open: p50 %v, p99 %v, %d written, %d held, %d lost; peak %d MB resident, %d connections to sources\n",
		instances, asked, maxLive, percentile(sum.latencies, 0.5), percentile(sum.latencies, 0.99), sum.successes, sum.held, sum.failed, most.residentMB, most.connections)
	fmt.Printf("heap when all are idle again (%s of /metrics, the least while garbage is collected): %.1f MB; of a runtime with one instance %.1f MB; the difference is %.1f KB for an instance\n",
		heapNow, float64(idle)/(1<<20), float64(alone)/(1<<20), float64(idle-alone)/1024/(instances-1))
	perIdle := float64(idle) / 1024 / instances
	ok := verdict(perIdle <= 40, "many: an idle instance takes at most %.1f KB (the whole heap by their number), at most 40", perIdle)
	ok = verdict(most.residentMB <= 150, "many: %d MB resident, at most 150", most.residentMB) && ok
	const connections = maxLive * 8
	return verdict(most.connections <= connections && sum.failed == 0, "many: %d connections to sources, at most %d; %d without an answer",
		most.connections, connections, sum.failed) && ok, ctx.Err()
}

// heapOfOne is what a runtime keeps that serves a single instance, which is idle.
func (b *bench) heapOfOne(ctx context.Context) (_ int64, err error) {
	t, err := b.start(ctx, 1, "--idle-after="+idleAfter.String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	at, err := url.Parse(b.database())
	if err != nil {
		return 0, err
	}
	if err := t.awaitIdle(ctx, at.Port()); err != nil {
		return 0, err
	}
	return t.heap(ctx)
}

// awaitIdle waits until all instances are closed: none has a connection to its source. Connections by
// themselves last for a minute without use, so this is not their doing.
func (t *target) awaitIdle(ctx context.Context, port string) error {
	const within = 20 * time.Second
	for deadline := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		n, err := connections(port)
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if n == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d connections to sources %v after the last request, and instances close after %v", n, within, idleAfter)
		}
	}
}
