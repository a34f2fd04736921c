package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	neighbours = 10
	share      = 20.0 // uploads per second of each of them
)

// quiet are the neighbours, whose latency counts.
func quiet() []stream {
	out := make([]stream, neighbours)
	for i := range out {
		out[i] = stream{hostName(i), share}
	}
	return out
}

// all joins what the neighbours met.
func all(met map[string]*seen) (out seen) {
	for i := range neighbours {
		out.add(met[hostName(i)])
	}
	return out
}

// errNothingWritten stops a measurement of answers that hold everything back: they say nothing.
var errNothingWritten = errors.New("the runtime applied no upload at all")

func verdict(holds bool, format string, args ...any) bool {
	word := "holds "
	if !holds {
		word = "FAILS "
	}
	fmt.Printf(word+format+"\n", args...)
	return holds
}

// beside measures the neighbours' p99 with and without somebody else, round by round on one runtime.
func beside(ctx context.Context, b *bench, s settings, title string, alone, disturbed []stream, factor float64, plus time.Duration) (_ bool, err error) {
	t, err := b.start(ctx, neighbours+1)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if warm := all(offer(ctx, t, alone, time.Second)); warm.successes == 0 {
		return false, errNothingWritten
	}
	var quietP99, noisyP99 []time.Duration
	var busy []float64
	var lost int
	for range s.rounds {
		before := all(offer(ctx, t, alone, s.cell))
		idle, processors, err := idleCPU()
		if err != nil {
			return false, err
		}
		began := time.Now()
		met := offer(ctx, t, disturbed, s.cell)
		idleAfter, _, err := idleCPU()
		if err != nil {
			return false, err
		}
		busy = append(busy, 1-(idleAfter-idle).Seconds()/(time.Since(began).Seconds()*float64(processors)))
		during := all(met)
		quietP99 = append(quietP99, percentile(before.latencies, 0.99))
		noisyP99 = append(noisyP99, percentile(during.latencies, 0.99))
		lost += during.held + during.failed
	}
	base, with := middle(quietP99), middle(noisyP99)
	fmt.Printf("%s: neighbours' p99 alone %v, beside %v (rounds %v, %v); machine %.0f %% busy; %d of the neighbours' uploads held or lost\n",
		title, base, with, quietP99, noisyP99, 100*middle(busy), lost)
	most := time.Duration(factor*float64(base)) + plus
	return verdict(with <= most, "%s: p99 %v, at most %.1f x %v + %v = %v", title, with, factor, base, plus, most), ctx.Err()
}

func noisy(ctx context.Context, b *bench, s settings) (bool, error) {
	loud := hostName(neighbours)
	return beside(ctx, b, s, "an instance at ten times its share",
		append(quiet(), stream{loud, share}), append(quiet(), stream{loud, 10 * share}), 2, 3*time.Millisecond)
}

func blackhole(ctx context.Context, b *bench, s settings) (bool, error) {
	return beside(ctx, b, s, "a black-holed database", quiet(), append(quiet(), stream{holeHost, 2 * share}), 1.5, 2*time.Millisecond)
}

// overload offers three times what the configuration admits of one instance, and then what is normal.
func overload(ctx context.Context, b *bench, s settings) (_ bool, err error) {
	t, err := b.start(ctx, neighbours+1)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	loud := hostName(neighbours)
	normal := []stream{{loud, admitted / 2}}
	var goodput []float64
	var before, after, recovery []time.Duration
	held := 0
	for range s.rounds {
		before = append(before, percentile(offer(ctx, t, normal, s.cell)[loud].latencies, 0.99))
		offer(ctx, t, []stream{{loud, 3 * admitted}}, 2*time.Second) // past the burst that the rate allows
		began := time.Now()
		met := offer(ctx, t, []stream{{loud, 3 * admitted}}, s.cell)[loud]
		goodput = append(goodput, float64(met.successes)/time.Since(began).Seconds())
		held += met.held
		ended := time.Now()
		for { // seconds of normal traffic, until one is served in full
			second := time.Now()
			next := offer(ctx, t, normal, time.Second)[loud]
			if next.held+next.failed == 0 || time.Since(ended) > 20*time.Second {
				recovery = append(recovery, second.Sub(ended))
				break
			}
		}
		after = append(after, percentile(offer(ctx, t, normal, s.cell)[loud].latencies, 0.99))
	}
	fmt.Printf("three times the admission of %d/s: goodput %.0f/s (rounds %.0f), %d held; p99 before %v, after %v; normal after %v\n",
		admitted, middle(goodput), goodput, held, middle(before), middle(after), middle(recovery))
	ok := verdict(middle(goodput) >= 0.9*admitted, "overload: goodput %.0f/s, at least 90 %% of %d/s", middle(goodput), admitted)
	return verdict(middle(recovery) <= 10*time.Second && middle(after) <= 2*middle(before)+3*time.Millisecond,
		"overload: normal again after %v", middle(recovery)) && ok, ctx.Err()
}
