package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// single is a stage of many small runs: each time a new device uploads one transaction of ten
// operations, and one thing goes wrong at one exact place.
type single struct {
	settings
	database string
	name     string
	stand    *stand.Stand
	log      *history.Recorder
	file     *os.File
	made     int
	copies   sync.WaitGroup
	tables   []stand.Table
	events   []check.Event // that hooks of the tables send
}

const singleTable = "singles"

// openSingle starts the stand of a stage.
func openSingle(ctx context.Context, s settings, database, name string, opt stand.Options) (u *single, err error) {
	u = &single{settings: s, database: database, name: name}
	opt.Dir = filepath.Join(s.dir, database+"-"+name)
	if err := os.MkdirAll(opt.Dir, 0o755); err != nil {
		return nil, err
	}
	if u.file, err = os.Create(filepath.Join(opt.Dir, "history.jsonl")); err != nil {
		return nil, err
	}
	u.log = history.NewRecorder(time.Now, u.file)
	db, err := open(ctx, s, database, opt.Dir)
	if err != nil {
		return nil, errors.Join(err, u.file.Close())
	}
	opt.Tables = append(opt.Tables, stand.Table{Name: singleTable, Create: "new.n != -1", Merge: "counter"})
	u.tables, opt.Rand = opt.Tables, rand.New(rand.NewPCG(s.seed, 9))
	if opt.Binary == "" {
		opt.Binary = s.binary
	}
	if u.stand, err = stand.Start(ctx, db, opt); err != nil {
		return nil, errors.Join(err, u.file.Close())
	}
	return u, nil
}

func (u *single) close() error { return errors.Join(u.stand.Close(), u.file.Close()) }

// device makes a new one, and the rows that its ten operations will meet.
func (u *single) device(ctx context.Context) (*client.Device, *tenOperations, error) {
	u.made++
	name := fmt.Sprintf("%s%d", u.name, u.made)
	d := client.New(client.Options{
		Name: name, ClientID: name, Subject: "user", Form: client.Connector, Transport: u.stand.HTTP, Log: u.log,
		Rand: u.random(), Copies: &u.copies, LongestWait: 10 * time.Millisecond,
		Patience: 3 * time.Second,
	})
	ops := &tenOperations{name: name}
	d.Write(ops.before())
	return d, ops, u.drain(ctx, d, drainWithin, "before")
}

// random is the choices of the device that was made last.
func (u *single) random() *rand.Rand { return rand.New(rand.NewPCG(u.seed, uint64(u.made))) }

// drain uploads until the queue is empty. One that does not empty is a finding, not an error.
func (u *single) drain(ctx context.Context, d *client.Device, within time.Duration, during string) error {
	for deadline := time.Now().Add(within); d.Pending() > 0; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			d.Report(history.Stuck, fmt.Sprintf("%s: not within %s", during, within))
			return nil
		}
		sleep(ctx, d.Upload(ctx), nil)
	}
	return nil
}

// verdict reads the database and checks everything that the stage did.
func (u *single) verdict(ctx context.Context, w io.Writer) (bool, error) {
	u.copies.Wait()
	run := &history.Run{Seeds: map[string]history.Row{}, Rows: map[string]history.Row{}}
	for _, table := range u.tables {
		view, err := stand.Eventually(ctx, func(ctx context.Context) (client.View, error) { return u.stand.Database.View(ctx, table.Name) })
		if err != nil {
			return false, err
		}
		maps.Copy(run.Rows, view)
	}
	var err error
	if run.Arrivals, err = deliverAll(ctx, u.stand); err != nil {
		return false, err
	}
	if run.Changes, err = stand.Eventually(ctx, u.stand.Database.Changes); err != nil {
		return false, err
	}
	if run.Rejections, err = stand.Eventually(ctx, u.stand.Database.Rejections); err != nil {
		return false, err
	}
	if run.Events, err = u.log.Close(); err != nil {
		return false, err
	}
	violations, counts := check.Run(run, check.Settings{Sums: map[string]bool{singleTable: true}, Events: u.events})
	u.printViolations(w, run, violations, counts)
	return len(violations) == 0, nil
}

// tenOperations are six changes, three creations and a deletion.
type tenOperations struct {
	name string
	made int
}

func (t *tenOperations) op(verb string, row, n int64) history.Op {
	t.made++
	op := history.Op{Tag: fmt.Sprintf("%s#%d", t.name, t.made), Verb: verb, Table: singleTable, ID: fmt.Sprintf("%s-%d", t.name, row)}
	if verb != "DELETE" {
		op.Data = map[string]any{"tag": op.Tag, "n": n}
	}
	if verb == "PATCH" {
		op.Old = map[string]any{"n": int64(startValue)}
		op.Delta = n - startValue
	}
	return op
}

const startValue = 100

// before makes the rows that the ten operations meet.
func (t *tenOperations) before() (ops []history.Op) {
	for row := range int64(7) {
		ops = append(ops, t.op("PUT", row, startValue))
	}
	return ops
}

func (t *tenOperations) ten() []history.Op {
	return []history.Op{
		t.op("PATCH", 0, 101), t.op("PUT", 10, 1), t.op("PATCH", 1, 107), t.op("PATCH", 2, 100), t.op("PUT", 11, 1),
		t.op("PATCH", 3, 103), t.op("DELETE", 6, 0), t.op("PATCH", 4, 96), t.op("PUT", 12, 1), t.op("PATCH", 5, 111),
	}
}

// refused is a transaction that the rules deny.
func (t *tenOperations) refused() []history.Op {
	op := t.op("PUT", 13, -1)
	op.ID = fmt.Sprintf("bad-%s-%d", t.name, t.made)
	return []history.Op{t.op("PATCH", 0, 102), op}
}

// touched are rows that somebody else writes in the middle: changed ones and a created one.
func (t *tenOperations) touched() []string {
	return []string{t.name + "-0", t.name + "-3", t.name + "-10"}
}
