package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
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
		s := met[hostName(i)]
		out.latencies = append(out.latencies, s.latencies...)
		out.successes += s.successes
		out.held += s.held
		out.failed += s.failed
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
func beside(ctx context.Context, b *bench, s settings, title string, alone, disturbed []stream, factor float64, plus time.Duration) (bool, error) {
	t, err := b.start(ctx, neighbours+1, 500, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.end() }()
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
func overload(ctx context.Context, b *bench, s settings) (bool, error) {
	t, err := b.start(ctx, neighbours+1, 500, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.end() }()
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

// many asks 1,000 instances, few often and most seldom, while few may be open.
func many(ctx context.Context, b *bench, s settings) (bool, error) {
	const instances, maxLive = 1000, 100
	const perSecond = 60.0
	t, err := b.start(ctx, instances, maxLive, 2*time.Second)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.end() }()
	registered, err := t.heap()
	if err != nil {
		return false, err
	}
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, instances-1)
	weights := map[int]int{}
	const draws = 20_000
	for range draws {
		weights[int(zipf.Uint64())]++
	}
	var streams []stream
	for i, n := range weights {
		streams = append(streams, stream{hostName(i), perSecond * float64(n) / draws})
	}
	stop := make(chan struct{})
	peak := make(chan [2]int)
	go func() { peak <- t.peaks(stop) }()
	met := offer(ctx, t, streams, s.many)
	close(stop)
	peaks := <-peak
	var sum seen
	asked := 0
	for _, m := range met {
		if n := len(m.latencies); n > 0 {
			asked++
		}
		sum.latencies = append(sum.latencies, m.latencies...)
		sum.successes += m.successes
		sum.held += m.held
		sum.failed += m.failed
	}
	time.Sleep(4 * time.Second) // all are idle, and swept
	idle, err := t.heap()
	if err != nil {
		return false, err
	}
	if sum.successes == 0 {
		return false, errNothingWritten
	}
	perIdle := float64(idle) / 1024 / instances
	fmt.Printf("%d instances, %d asked, at most %d open: p50 %v, p99 %v, %d written, %d held, %d lost; peak %d MB resident, %d connections to sources\n",
		instances, asked, maxLive, percentile(sum.latencies, 0.5), percentile(sum.latencies, 0.99), sum.successes, sum.held, sum.failed, peaks[0], peaks[1])
	fmt.Printf("heap: %.1f MB registered, %.1f MB with all idle again: at most %.1f KB for an idle instance\n", float64(registered)/(1<<20), float64(idle)/(1<<20), perIdle)
	ok := verdict(perIdle <= 40, "many: an idle instance takes %.1f KB, at most 40", perIdle)
	ok = verdict(peaks[0] <= 150, "many: %d MB resident, at most 150", peaks[0]) && ok
	const most = maxLive * 8
	return verdict(peaks[1] <= most && sum.failed == 0, "many: %d connections to sources, at most %d; %d without an answer", peaks[1], most, sum.failed) && ok, ctx.Err()
}

func (t *target) heap() (int64, error) {
	text, err := t.get("/heap")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// peaks watches the child until stop is closed: resident memory in MB, and connections to the
// database. Linux only.
func (t *target) peaks(stop <-chan struct{}) (most [2]int) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	proc := fmt.Sprintf("/proc/%d/", t.cmd.Process.Pid)
	_, port, _ := net.SplitHostPort(t.database)
	number, _ := strconv.Atoi(port)
	remote := fmt.Sprintf(":%04X 01 ", number) // to that port, established
	for {
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
		if table, err := os.ReadFile(proc + "net/tcp"); err == nil {
			most[1] = max(most[1], strings.Count(string(table), remote))
		}
		status, err := os.ReadFile(proc + "status")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			var kb int
			if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
				most[0] = max(most[0], kb>>10)
			}
		}
	}
}
