package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// cell is one measured combination; bare is the baseline that it is held against.
type cell struct {
	work  workload
	size  int
	table string // "" for the bare driver
	alone bool   // one device instead of all of them
}

// tableNames are how the report calls what the tables stand for.
var tableNames = map[string]string{"": "bare driver", "ruled": "rules", "open": "open", "plain": "no hook", "hooked": "hook"}

func (c cell) name() string {
	name := fmt.Sprintf("%s x%d, %s", c.work, c.size, tableNames[c.table])
	if c.alone {
		name += ", alone"
	}
	return name
}

var sizes = []int{1, 10, 100}

// allCells are those of a round, the bare driver's before those that are held against it.
func allCells() (out []cell) {
	for _, work := range []workload{puts, patches} {
		for _, size := range sizes {
			for _, table := range []string{"", "open", "ruled"} {
				out = append(out, cell{work: work, size: size, table: table})
			}
		}
	}
	return out
}

// results of the rounds: the samples of each cell, round by round, and what the process used.
type results struct {
	cells      []cell
	samples    map[cell][]sample
	tokens     []sample
	rssAtStart float64 // before its instance is live
	rssUnder   float64
	rssPeak    float64
	cold       []time.Duration // the first upload of a process whose instance is not live yet
	coldHook   []time.Duration // the first to a table with a hook, of a process whose instance is live
}

// measure runs the rounds against the binary as customers get it.
func measure(ctx context.Context, st *stack, s *server, set settings) (*results, error) {
	r := &results{cells: allCells(), samples: map[cell][]sample{}}
	var err error
	if r.rssAtStart, err = residentMB(s.pid(), false); err != nil {
		return nil, err
	}
	if err := s.fetchToken(); err != nil {
		return nil, err
	}
	if err := st.fill(ctx, s); err != nil {
		return nil, err
	}
	first, err := firstUpload(st, s, "hooked")
	if err != nil {
		return nil, err
	}
	r.coldHook = append(r.coldHook, first)
	for round := range set.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, set.rounds)
		for _, c := range slices.Concat(r.cells, hookCells()) {
			one, err := st.run(ctx, s, c, set.cell)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
			r.samples[c] = append(r.samples[c], one)
		}
		one, err := exchange(ctx, s, set.cell)
		if err != nil {
			return nil, fmt.Errorf("token exchange: %w", err)
		}
		r.tokens = append(r.tokens, one)
	}
	if r.rssUnder, err = residentMB(s.pid(), false); err != nil {
		return nil, err
	}
	r.rssPeak, err = residentMB(s.pid(), true)
	return r, err
}

// run measures one cell once: by the bare driver, or by uploads to a server.
func (st *stack) run(ctx context.Context, s *server, c cell, d time.Duration) (one sample, err error) {
	if c.table == "" {
		return st.watch(ctx, os.Getpid(), bareWorkers(st.pool, c.work, c.size, &st.next), d)
	}
	workers, closeAll, err := uploadWorkers(st, s, c)
	if err != nil {
		return one, err
	}
	defer closeAll()
	return st.watch(ctx, s.pid(), workers, d)
}

// watch runs a closed loop, and what it costs the process that serves it and PostgreSQL.
func (st *stack) watch(ctx context.Context, pid int, workers []worker, d time.Duration) (one sample, err error) {
	ours, err := cpuTime(pid)
	if err != nil {
		return one, err
	}
	base, err := clusterTime(st.postgres.Pid())
	if err != nil {
		return one, err
	}
	if one, err = closedLoop(ctx, workers, d); err != nil {
		return one, err
	}
	if one.ours, err = cpuTime(pid); err != nil {
		return one, err
	}
	one.base, err = clusterTime(st.postgres.Pid())
	one.ours, one.base = one.ours-ours, one.base-base
	return one, err
}

func uploadWorkers(st *stack, s *server, c cell) (workers []worker, closeAll func(), err error) {
	var conns []*httpConn
	closeAll = func() {
		for _, c := range conns {
			c.conn.Close()
		}
	}
	devices := s.devices
	if c.alone {
		devices = devices[:1]
	}
	for i, d := range devices {
		conn, err := s.dial("/api/data", s.token)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		conns = append(conns, conn)
		span := rows{next: &st.next, patch: c.work == patches, at: i * rowsEach, from: i * rowsEach}
		workers = append(workers, func(context.Context) (int, error) {
			return c.size, conn.post(d.upload(c.work, c.table, st.stamps.Add(1), span.take(c.size)), `"success"`, 1)
		})
	}
	return workers, closeAll, nil
}

// exchange makes tokens from identities, each a fresh HS256 token of the app's own server.
func exchange(ctx context.Context, s *server, d time.Duration) (sample, error) {
	var workers []worker
	for range connections {
		conn, err := s.dial("/token", identityToken(time.Now()))
		if err != nil {
			return sample{}, err
		}
		defer conn.conn.Close()
		workers = append(workers, func(context.Context) (int, error) { return 1, conn.post([]byte("{}"), `"token":"`, 1) })
	}
	return closedLoop(ctx, workers, d)
}

// firstUpload times one operation to a server. If its instance is not live, its bundle is compiled, the catalog is read
// and the database is connected to; the first to a table with a hook starts a worker.
func firstUpload(st *stack, s *server, table string) (time.Duration, error) {
	c, err := s.dial("/api/data", s.token)
	if err != nil {
		return 0, err
	}
	defer c.conn.Close()
	began := time.Now()
	err = c.post(newDevice("cold-"+table+s.name, 0).upload(puts, table, 0, []int64{st.next.Add(1) - 1}), `"success"`, 1)
	return time.Since(began), err
}
