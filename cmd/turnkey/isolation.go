package main

import (
	"context"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/scrape"
	"turnkey/runtime/feed"
	"turnkey/runtime/hook/worker"
)

// isolationRetry is how long to wait before it is tried again to start a worker that tells its layers.
const isolationRetry = time.Minute

// isolation tells the control plane which layers isolate hooks here, as soon as a worker has shown them.
func (p *dataPlane) isolation(ctx context.Context) error {
	tick := time.NewTicker(isolationRetry)
	defer tick.Stop()
	for {
		layers, err := p.parts.workers.Layers(ctx)
		if err == nil {
			p.follower.Isolated(isolatedBy(layers))
			return nil
		}
		if ctx.Err() != nil {
			return nil
		}
		p.parts.log.Error("no worker for hooks starts; writes that need them wait", "error", err)
		f := fault.Of(err)
		p.follower.Isolated(feed.Sandbox{Failure: strings.TrimSpace(f.Message + " " + f.Hint)})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func isolatedBy(l worker.Layers) feed.Sandbox {
	out := feed.Sandbox{Layers: l.Active}
	for _, m := range l.Failed {
		out.Missing = append(out.Missing, feed.MissingLayer{Layer: m.Layer, Reason: m.Reason})
	}
	return out
}

// pooled are the numbers of a runtime's workers, over all its instances: for its operator alone.
func pooled(pool *worker.Pool) scrape.Source {
	return func(emit func(scrape.Sample)) {
		s := pool.Stats()
		count := func(name, help string, n int64, labels ...string) {
			emit(scrape.Sample{Name: "turnkey_hook_" + name, Help: help, Labels: labels, Value: float64(n)})
		}
		gauge := func(name, help string, n int, labels ...string) {
			emit(scrape.Sample{Name: "turnkey_hook_" + name, Help: help, Labels: labels, Value: float64(n), Gauge: true})
		}
		count("runs_total", "Requests to workers that run hooks.", s.Runs)
		count("programs_loaded_total", "Programs that workers loaded.", s.Loads)
		count("host_calls_total", "Calls of hooks back into the runtime.", s.Calls)
		count("interruptions_total", "Runs that were stopped at their time limit.", s.Interrupted)
		for class, n := range s.Deaths {
			count("worker_deaths_total", "Workers that hooks cost, by why.", n, "class", string(class))
		}
		count("workers_killed_outside_total", "Of these, by somebody else.", s.KilledOutside)
		count("workers_started_total", "Workers that started.", s.Started)
		count("worker_starts_failed_total", "Workers that did not start.", s.StartsFailed)
		for why, n := range map[string]int64{"idle": s.IdleReaped, "recycled": s.Recycled, "evicted": s.Evicted} {
			count("workers_ended_total", "Workers that ended in order, by why.", n, "why", why)
		}
		count("rests_total", "How often hooks of an instance had to rest, because they kept ending their workers.", s.Opened)
		count("refusals_total", "Transactions that got no worker in time.", s.Refused)
		gauge("workers_limit", "Workers of instances, at most.", s.Limit)
		for state, n := range map[string]int{"spare": s.Spares, "busy": s.Leased - s.Idle, "idle": s.Idle} {
			gauge("workers", "Workers by what they do.", n, "state", state)
		}
		for what, n := range map[string]int{"turn": s.WaitingTurn, "worker": s.WaitingIn} {
			gauge("waiting", "Runs that wait for their turn, and transactions that wait for a worker.", n, "for", what)
		}
	}
}
