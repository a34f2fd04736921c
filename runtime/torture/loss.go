package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
	"turnkey/runtime/torture/wire"
)

// losses is the exhaustive part: one transaction of ten operations, and every message of it to the
// database lost in every way, one run each. Between the loss and whatever follows, somebody else
// writes two of the rows, so that a repeat cannot hide.
type losses struct {
	settings
	database string
	stand    *stand.Stand
	proxy    *wire.Proxy
	log      *history.Recorder
	made     int
	copies   sync.WaitGroup
	counters bool
	outcome  map[wire.Action]*outcome
}

// outcome counts the positions of one action.
type outcome struct{ positions int }

const lossTable = "losses"

// loseEverything runs the stage on one database.
func loseEverything(ctx context.Context, s settings, database string) (held bool, err error) {
	dir := filepath.Join(s.dir, database+"-losses")
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
	l := &losses{settings: s, database: database, log: history.NewRecorder(time.Now, file), counters: s.merges("counter"), outcome: map[wire.Action]*outcome{}}
	protocol := wire.Protocol(wire.Postgres{})
	if database == "mongodb" {
		protocol = wire.Mongo{}
	}
	tables := []stand.Table{{Name: lossTable}}
	if l.counters {
		tables[0].Merge = "counter"
	}
	l.stand, err = stand.Start(ctx, db, stand.Options{
		Dir: dir, Binary: s.binary, Runtimes: 1, Tables: tables,
		Via: func(addr string) (string, error) {
			l.proxy, err = wire.Listen(addr, protocol)
			if err != nil {
				return "", err
			}
			return l.proxy.Addr(), nil
		},
	})
	if err != nil {
		return false, err
	}
	defer func() {
		closeErr := l.proxy.Close()
		if standErr := l.stand.Close(); closeErr == nil {
			closeErr = standErr
		}
		if err == nil {
			err = closeErr
		}
	}()
	return l.run(ctx, protocol)
}

func (l *losses) run(ctx context.Context, protocol wire.Protocol) (bool, error) {
	start := time.Now()
	commands, _, err := l.once(ctx, wire.Plan{}) // only count
	if err != nil {
		return false, err
	}
	actions := []wire.Action{wire.DropBefore, wire.DropReply, wire.Cut}
	for _, action := range actions {
		o := &outcome{}
		l.outcome[action] = o
		for at := 1; ; at++ {
			_, struck, err := l.once(ctx, wire.Plan{At: at, Action: action})
			if err != nil {
				return false, err
			}
			if !struck {
				break // past the last message
			}
			o.positions++
		}
	}
	if !protocol.Streams() {
		o := &outcome{}
		l.outcome[wire.Twice] = o
		for i, command := range commands {
			if command != "commitTransaction" { // what a driver itself sends twice
				continue
			}
			if _, struck, err := l.once(ctx, wire.Plan{At: i + 1, Action: wire.Twice}); err != nil {
				return false, err
			} else if struck {
				o.positions++
			}
		}
	}
	return l.verdict(ctx, os.Stdout, commands, time.Since(start))
}

// once uploads one transaction under a plan and drains the device.
func (l *losses) once(ctx context.Context, plan wire.Plan) (commands []string, struck bool, err error) {
	l.made++
	name := fmt.Sprintf("loss%d", l.made)
	device := client.New(client.Options{
		Name: name, ClientID: name, Subject: "user", Form: client.Connector, Transport: l.stand.HTTP, Log: l.log,
		Rand: rand.New(rand.NewPCG(l.seed, uint64(l.made))), Copies: &l.copies, LongestWait: 10 * time.Millisecond,
	})
	ops := tenOperations{name: name, counters: l.counters}
	device.Write(ops.before())
	if err := l.drain(ctx, device, "before"); err != nil {
		return nil, false, err
	}
	disturbed := make(chan struct{})
	plan.Struck = func() {
		defer close(disturbed)
		// Fails where the runtime's transaction holds the rows; then there is nothing to disturb.
		_ = l.stand.Database.Touch(ctx, lossTable, ops.touched())
	}
	device.Write(ops.ten())
	l.proxy.Arm(plan)
	err = l.drain(ctx, device, string(plan.Action))
	if commands, struck = l.proxy.Disarm(); struck {
		<-disturbed
	}
	return commands, struck, err
}

// drain uploads until the queue is empty. One that does not empty is a finding, not an error.
func (l *losses) drain(ctx context.Context, device *client.Device, during string) error {
	for deadline := time.Now().Add(drainWithin); device.Pending() > 0; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			device.Report(history.Stuck, during)
			return nil
		}
		sleep(ctx, device.Upload(ctx), nil)
	}
	return nil
}

// tenOperations are four changes, three creations, two counters and a deletion.
type tenOperations struct {
	name     string
	counters bool
	made     int
}

func (t *tenOperations) op(verb string, row int, n int64) history.Op {
	t.made++
	op := history.Op{Tag: fmt.Sprintf("%s#%d", t.name, t.made), Verb: verb, Table: lossTable, ID: fmt.Sprintf("%s-%d", t.name, row)}
	if verb != "DELETE" {
		op.Data = map[string]any{"tag": op.Tag, "n": n}
	}
	if verb == "PATCH" {
		op.Old = map[string]any{"n": int64(100)}
		op.Delta = n - 100
	}
	return op
}

// before makes the rows that the ten operations meet.
func (t *tenOperations) before() []history.Op {
	var ops []history.Op
	for row := range 7 {
		op := t.op("PUT", row, 100)
		ops = append(ops, op)
	}
	return ops
}

func (t *tenOperations) ten() []history.Op {
	return []history.Op{
		t.op("PATCH", 0, 101), t.op("PUT", 10, 1), t.op("PATCH", 1, 107), t.op("PATCH", 2, 100), t.op("PUT", 11, 1),
		t.op("PATCH", 3, 103), t.op("DELETE", 6, 0), t.op("PATCH", 4, 96), t.op("PUT", 12, 1), t.op("PATCH", 5, 111),
	}
}

// touched are rows that somebody else writes in the middle: changed ones and created ones.
func (t *tenOperations) touched() []string {
	return []string{t.name + "-0", t.name + "-3", t.name + "-10"}
}

func (l *losses) verdict(ctx context.Context, w io.Writer, commands []string, took time.Duration) (bool, error) {
	l.copies.Wait()
	run := &history.Run{Seeds: map[string]history.Row{}}
	view, err := stand.Eventually(ctx, func(ctx context.Context) (client.View, error) { return l.stand.Database.View(ctx, lossTable) })
	if err != nil {
		return false, err
	}
	run.Rows = view
	if run.Changes, err = stand.Eventually(ctx, l.stand.Database.Changes); err != nil {
		return false, err
	}
	if run.Events, err = l.log.Close(); err != nil {
		return false, err
	}
	violations, counts := check.Run(run, check.Settings{Sums: map[string]bool{lossTable: l.counters}})
	fmt.Fprintf(w, "\n%s: every message of an upload of 10 operations lost, in %s; an upload sends %v\n", l.database, took.Round(time.Millisecond), tally(commands))
	for _, action := range slices.Sorted(maps.Keys(l.outcome)) {
		fmt.Fprintf(w, "  %5d positions  %s\n", l.outcome[action].positions, action)
	}
	printViolations(w, run, violations, counts)
	return len(violations) == 0, nil
}

// tally shortens a list of commands.
func tally(commands []string) string {
	out := ""
	for i := 0; i < len(commands); {
		n := i + 1
		for n < len(commands) && commands[n] == commands[i] {
			n++
		}
		if out += commands[i]; n-i > 1 {
			out += fmt.Sprintf(" x%d", n-i)
		}
		if i = n; i < len(commands) {
			out += ", "
		}
	}
	return out
}
