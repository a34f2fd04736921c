package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// cell is one measured combination; bare is the baseline that it is held against.
type cell struct {
	work  workload
	size  int
	table string // "" for the bare driver
}

func (c cell) name() string {
	switch c.table {
	case "":
		return fmt.Sprintf("%s x%d, bare driver", c.work, c.size)
	case "ruled":
		return fmt.Sprintf("%s x%d, rules", c.work, c.size)
	}
	return fmt.Sprintf("%s x%d, open", c.work, c.size)
}

// results of a run: the samples of each cell, round by round, and what the process used.
type results struct {
	cells       []cell
	samples     map[cell][]sample
	cpuPer1000  map[cell][]time.Duration
	tokens      []sample
	rssUnder    float64
	rssPeak     float64
	rssAtStart  float64
	coldRequest time.Duration
	// stamps makes every request's values new: a PATCH that changes nothing would not be written.
	stamps atomic.Int64
}

func measure(ctx context.Context, st *stack, s settings) (*results, error) {
	r := &results{samples: map[cell][]sample{}, cpuPer1000: map[cell][]time.Duration{}}
	r.stamps.Store(1_000_000)
	for _, work := range []workload{puts, patches} {
		for _, size := range []int{1, 10, 100} {
			for _, table := range []string{"", "open", "ruled"} {
				r.cells = append(r.cells, cell{work, size, table})
			}
		}
	}
	var err error
	if r.rssAtStart, err = residentMB(st.process.Process.Pid, false); err != nil {
		return nil, err
	}
	var next atomic.Int64
	next.Store(connections * rowsEach)
	if err := fill(ctx, st, r); err != nil {
		return nil, err
	}
	for round := range s.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, s.rounds)
		for _, c := range r.cells {
			if err := r.run(ctx, st, c, s.cell, &next); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
		}
		if err := r.runTokens(ctx, st, s.cell); err != nil {
			return nil, fmt.Errorf("token exchange: %w", err)
		}
	}
	if r.rssUnder, err = residentMB(st.process.Process.Pid, false); err != nil {
		return nil, err
	}
	r.rssPeak, err = residentMB(st.process.Process.Pid, true)
	return r, err
}

// fill makes the rows that PATCH changes, in all three tables, and times the first request.
func fill(ctx context.Context, st *stack, r *results) error {
	for i, table := range []string{"open", "ruled"} {
		c, err := dial(st.addr, st.path+"/api/data", st.token)
		if err != nil {
			return err
		}
		for at := int64(0); at < connections*rowsEach; at += 1000 {
			ids := make([]int64, 1000)
			for j := range ids {
				ids[j] = at + int64(j)
			}
			t0 := time.Now()
			if err := c.post(uploadBody(nil, puts, table, at, ids), `"success"`, 1); err != nil {
				return fmt.Errorf("filling %s: %w", table, err)
			}
			if i == 0 && at == 0 {
				r.coldRequest = time.Since(t0)
			}
		}
		c.conn.Close()
	}
	_, err := st.pool.Exec(ctx, "INSERT INTO bench_bare SELECT * FROM bench_open")
	return err
}

func (r *results) run(ctx context.Context, st *stack, c cell, d time.Duration, next *atomic.Int64) error {
	if c.table == "" {
		s, err := closedLoop(ctx, bareWorkers(st.pool, c.work, c.size, next), d)
		r.samples[c] = append(r.samples[c], s)
		return err
	}
	workers, closeAll, err := uploadWorkers(st, c, next, &r.stamps)
	if err != nil {
		return err
	}
	defer closeAll()
	before, err := cpuTime(st.process.Process.Pid)
	if err != nil {
		return err
	}
	s, err := closedLoop(ctx, workers, d)
	if err != nil {
		return err
	}
	after, err := cpuTime(st.process.Process.Pid)
	r.samples[c] = append(r.samples[c], s)
	r.cpuPer1000[c] = append(r.cpuPer1000[c], time.Duration(float64(after-before)/float64(max(1, s.operations))*1000))
	return err
}

func uploadWorkers(st *stack, c cell, next, stamps *atomic.Int64) (workers []worker, closeAll func(), err error) {
	var conns []*httpConn
	closeAll = func() {
		for _, c := range conns {
			c.conn.Close()
		}
	}
	for i := range connections {
		conn, err := dial(st.addr, st.path+"/api/data", st.token)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		conns = append(conns, conn)
		span := rows{next: next, patch: c.work == patches, at: i * rowsEach, from: i * rowsEach}
		var body []byte
		workers = append(workers, func(context.Context) (int, error) {
			body = uploadBody(body, c.work, c.table, stamps.Add(1), span.take(c.size))
			return c.size, conn.post(body, `"success"`, 1)
		})
	}
	return workers, closeAll, nil
}

// runTokens exchanges identities for tokens, each a fresh HS256 token of the app's own server.
func (r *results) runTokens(ctx context.Context, st *stack, d time.Duration) error {
	var workers []worker
	for range connections {
		conn, err := dial(st.addr, st.path+"/token", identityToken(time.Now()))
		if err != nil {
			return err
		}
		defer conn.conn.Close()
		workers = append(workers, func(context.Context) (int, error) { return 1, conn.post([]byte("{}"), `"token":"`, 1) })
	}
	s, err := closedLoop(ctx, workers, d)
	r.tokens = append(r.tokens, s)
	return err
}
