package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/nemesis"
	"turnkey/runtime/torture/stand"
	"turnkey/runtime/torture/workload"
)

// drainWithin is the promise: after healing, every queue is empty by then.
const drainWithin = 30 * time.Second

// torture does one database from start to verdict.
func torture(ctx context.Context, s settings, database string) (held bool, err error) {
	dir := filepath.Join(s.dir, database)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	file, err := os.Create(filepath.Join(dir, "history.jsonl"))
	if err != nil {
		return false, err
	}
	defer file.Close()
	db, err := open(ctx, s, database, dir)
	if err != nil {
		return false, err
	}
	loads := chosen(s)
	st, err := stand.Start(ctx, db, stand.Options{
		Dir: dir, Binary: s.binary, Runtimes: 2, Tables: tables(loads), Planes: true, Skewed: s.crashBinary, Rand: rand.New(rand.NewPCG(s.seed, 9)),
	})
	if err != nil {
		return false, err
	}
	defer func() {
		if closeErr := st.Close(); err == nil {
			err = closeErr
		}
	}()
	r := &tortured{
		settings: s, database: database, stand: st, loads: loads, log: history.NewRecorder(time.Now, file),
		random: rand.New(rand.NewPCG(s.seed, uint64(len(database)))),
	}
	return r.run(ctx)
}

// chosen are the workloads of this run.
func chosen(s settings) []workload.Workload {
	var out []workload.Workload
	for _, w := range workload.All() {
		if s.only == "" || strings.Contains(w.Name, s.only) {
			out = append(out, w)
		}
	}
	return out
}

func tables(loads []workload.Workload) []stand.Table {
	var out []stand.Table
	for _, w := range loads {
		t := stand.Table{Name: w.Table, Seeds: w.Seeds, Merge: w.Merge, Hook: w.Hook, Outboxes: w.Outboxes}
		if w.Table == "orders" {
			t.Create = fmt.Sprintf("new.n != %d", workload.Refused)
		}
		out = append(out, t)
		for _, name := range w.Writes {
			out = append(out, stand.Table{Name: name})
		}
	}
	return out
}

// tortured is one database under torture.
type tortured struct {
	settings
	database string
	stand    *stand.Stand
	loads    []workload.Workload
	log      *history.Recorder
	random   *rand.Rand
	nemesis  *nemesis.Nemesis
	drained  time.Duration
}

func (r *tortured) run(ctx context.Context) (held bool, err error) {
	r.nemesis = nemesis.New(nemesis.Options{
		Stand: r.stand, Log: r.log, Rand: rand.New(rand.NewPCG(r.seed, 7)),
		Kills: r.size.kills, Workers: r.workerKills(), Others: r.size.others, Time: r.size.load, Longest: r.size.longest,
	})
	l := newLoad(r)
	if err := l.run(ctx); err != nil {
		return false, err
	}
	run, err := r.collect(ctx, l)
	if err != nil {
		return false, err
	}
	violations, counts := check.Run(run, r.checkSettings())
	r.report(os.Stdout, run, violations, counts)
	return len(violations) == 0, nil
}

// workerKills is how many workers are killed: none where no workload has hooks.
func (r *tortured) workerKills() int {
	for _, w := range r.loads {
		if w.Hook != "" {
			return r.size.workers
		}
	}
	return 0
}

// checkSettings tells the checkers which policies hold.
func (r *tortured) checkSettings() check.Settings {
	s := check.Settings{Sums: map[string]bool{}}
	for _, w := range r.loads {
		s.Sums[w.Table] = w.Merge == "counter"
		if w.Hook != "" {
			s.Hook = check.Hook{Table: w.Table, Adds: workload.HookAdds, Tag: workload.HookTag, Ledger: workload.Ledger, Tallies: workload.Tallies}
			s.Events = []check.Event{
				{Lane: workload.DeedsOutbox, Table: w.Table, Every: 1},
				{Lane: workload.AfterCommit, Table: w.Table, Every: workload.ToldAfterwards},
				{Lane: workload.CommitsOutbox, Table: w.Table, Every: workload.ToldAfterwards},
			}
		}
		if w.Table == "accounts" {
			s.Balance = workload.Accounts * workload.Balance
		}
	}
	return s
}

// collect reads what the database has to say when everything is quiet.
func (r *tortured) collect(ctx context.Context, l *load) (*history.Run, error) {
	run := &history.Run{Seeds: map[string]history.Row{}, Rows: map[string]history.Row{}}
	for _, t := range tables(r.loads) {
		for id, row := range t.Seeds {
			run.Seeds[history.Key(t.Name, id)] = row
		}
		view, err := stand.Eventually(ctx, func(ctx context.Context) (client.View, error) { return r.stand.Database.View(ctx, t.Name) })
		if err != nil {
			return nil, err
		}
		for key, row := range view {
			run.Rows[key] = row
		}
	}
	l.readAll(ctx)
	var err error
	if run.Arrivals, err = deliverAll(ctx, r.stand); err != nil {
		return nil, err
	}
	if run.Changes, err = stand.Eventually(ctx, r.stand.Database.Changes); err != nil {
		return nil, err
	}
	if run.Rejections, err = stand.Eventually(ctx, r.stand.Database.Rejections); err != nil {
		return nil, err
	}
	run.Events, err = r.log.Close()
	return run, err
}
