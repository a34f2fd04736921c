package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"turnkey/internal/crash"
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
		Binary: s.crashBinary, Runtimes: 2,
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
	all := true
	fmt.Printf("\n%s: a runtime dies or freezes at every named moment of an upload\n", database)
	for _, point := range crash.Points() {
		for _, how := range []string{"kill", "stop"} {
			exercised, err := c.once(ctx, point, how)
			if err != nil {
				return false, err
			}
			verdict := "exercised"
			if !exercised {
				verdict, all = "NOT EXERCISED: the code does not pass it", false
			}
			fmt.Printf("  %-5s %s  %s\n", point, how, verdict)
		}
	}
	held, err = c.verdict(ctx, os.Stdout)
	return held && all, err
}

// once gives the order, uploads, and brings the runtime back.
func (c *crashes) once(ctx context.Context, point, how string) (exercised bool, err error) {
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
		if point == crash.Refusing {
			device.Write(ops.refused())
		} else if i == 0 {
			device.Write(ops.ten())
		} else {
			device.Write([]history.Op{ops.op("PATCH", 1, startValue)})
		}
		if err := c.drain(ctx, device, drainWithin, point+" "+how); err != nil {
			return false, err
		}
	}
	if os.Remove(done) == nil {
		exercised = true
		_ = c.stand.Database.Touch(ctx, singleTable, ops.touched()) // somebody else writes before the zombie wakes
	} else if err := os.Remove(c.order); err != nil {
		return false, err
	}
	if how == "stop" {
		victim.Thaw()
		sleep(ctx, 200*time.Millisecond, nil) // it does now what it was about to do
	}
	if victim.Ended() {
		err = victim.Start(ctx)
	}
	return exercised, err
}
