package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"turnkey/internal/crash"
	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// crashes lets a runtime die, or freeze and come back, at every moment that the code names. The other
// runtime takes over.
type crashes struct {
	*single
	order string // the control file of the first runtime
}

// crashEverywhere runs the stage on one database. It needs a binary with the build tag crash.
func crashEverywhere(ctx context.Context, s settings, database string) (held bool, err error) {
	if s.crashBinary == "" {
		fmt.Printf("\n%s: NOT RUN: crash points: there is no -crash-binary (go build -tags crash)\n", database)
		return true, nil
	}
	c := &crashes{order: filepath.Join(s.dir, database+"-crashes", "order")}
	c.single, err = openSingle(ctx, s, database, "crashes", stand.Options{
		Binary: s.crashBinary, Runtimes: 2, Tables: []stand.Table{told},
		Env: func(runtime int) []string {
			if runtime == 0 {
				return []string{crash.Control + "=" + c.order}
			}
			return nil
		},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	c.events = toldEvents
	fmt.Printf("\n%s: a runtime dies or freezes at every named moment of an upload\n", database)
	uploads, err := c.everywhere(ctx, crash.Points(), c.upload)
	if err != nil {
		return false, err
	}
	fmt.Printf("%s: and of what an upload has told to somebody else's server\n", database)
	deliveries, err := c.everywhere(ctx, crash.DeliveryPoints(), c.tell)
	if err != nil {
		return false, err
	}
	held, err = c.verdict(ctx, os.Stdout)
	return held && uploads && deliveries, err
}

// everywhere gives the order for each moment, and reports whether the code passes all of them.
func (c *crashes) everywhere(ctx context.Context, points []string, do func(context.Context, attempted) error) (all bool, err error) {
	all = true
	for _, point := range points {
		for _, how := range []string{"kill", "stop"} {
			exercised, err := c.once(ctx, point, how, do)
			if err != nil {
				return false, err
			}
			verdict := "exercised"
			if !exercised {
				verdict, all = "NOT EXERCISED: the code does not pass it", false
				*c.found = append(*c.found, point+" "+how+": "+verdict)
			}
			fmt.Printf("  %-5s %s  %s\n", point, how, verdict)
		}
	}
	return all, nil
}

// attempted is one try to have a runtime pass a moment.
type attempted struct {
	device     *client.Device
	ops        *tenOperations
	point, how string
	n          int
	done       string // the file that is there when it has passed
}

// once gives the order, does what may pass the moment, and brings the runtime back.
func (c *crashes) once(ctx context.Context, point, how string, do func(context.Context, attempted) error) (exercised bool, err error) {
	device, ops, err := c.device(ctx)
	if err != nil {
		return false, err
	}
	victim := c.stand.Runtimes[0]
	done := c.order + ".done"
	if err := os.WriteFile(c.order+".new", []byte(point+" 1 "+how), 0o600); err != nil {
		return false, err
	}
	if err := os.Rename(c.order+".new", c.order); err != nil {
		return false, err
	}
	c.log.Add(history.Event{Kind: history.Fault, Note: "order: " + point + " " + how})
	// Several transactions: the armed runtime gets some of them.
	for i := range 12 {
		if _, err := os.Stat(done); err == nil {
			break
		}
		if err := do(ctx, attempted{device, ops, point, how, i, done}); err != nil {
			return false, err
		}
	}
	if os.Remove(done) == nil {
		exercised = true
		_ = c.stand.Database.Touch(ctx, singleTable, ops.touched()) // somebody else writes before the zombie wakes
		if err := c.takeOver(ctx); err != nil {
			return false, err
		}
	} else if err := os.Remove(c.order); err != nil {
		return false, err
	}
	if how == "stop" {
		victim.Thaw()
		sleep(ctx, 200*time.Millisecond, nil) // it does now what it was about to do
	}
	gone := victim.Ended()
	for end := time.Now().Add(readyWithin); exercised && how == "kill" && !gone && time.Now().Before(end); gone = victim.Ended() {
		sleep(ctx, time.Millisecond, nil)
	}
	if gone {
		err = victim.Start(ctx)
	}
	return exercised, err
}

// takeOver has the other runtime deliver what the victim has claimed, as if the lease had ended.
func (c *crashes) takeOver(ctx context.Context) error {
	for end := time.Now().Add(readyWithin); ; sleep(ctx, 300*time.Millisecond, nil) {
		if pending, err := c.stand.Database.Hasten(ctx); err != nil || pending == 0 || time.Now().After(end) {
			return err
		}
	}
}

// upload has a device write ten operations, or one, or one that the rules refuse.
func (c *crashes) upload(ctx context.Context, a attempted) error {
	switch {
	case a.point == crash.Refusing:
		a.device.Write(a.ops.refused())
	case a.n == 0:
		a.device.Write(a.ops.ten())
	default:
		a.device.Write([]history.Op{a.ops.op("PATCH", 1, startValue)})
	}
	return c.drain(ctx, a.device, drainWithin, a.point+" "+a.how)
}

//go:embed told.ts
var toldHook string

// told is a table whose hook tells a receiver of each new row: by a webhook, by a request after the commit, and by a
// webhook that follows from that.
var told = stand.Table{Name: "told", Hook: toldHook, Outboxes: []string{"told", "follows"}}

var toldEvents = []check.Event{{Lane: "told", Table: "told", Every: 1}, {Lane: stand.AfterLane, Table: "told", Every: 1}, {Lane: "follows", Table: "told", Every: 1}}

// tell has a device make a row of that table. What is told of it passes the moments after the answer.
func (c *crashes) tell(ctx context.Context, a attempted) error {
	op := a.ops.op("PUT", int64(100+a.n), 1)
	op.Table = told.Name
	a.device.Write([]history.Op{op})
	err := c.drain(ctx, a.device, drainWithin, a.point+" "+a.how)
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); sleep(ctx, 10*time.Millisecond, nil) {
		if _, statErr := os.Stat(a.done); statErr == nil {
			break
		}
	}
	return err
}
