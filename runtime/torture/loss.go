package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
	"turnkey/runtime/torture/wire"
)

// losses is the exhaustive part: every message of an upload to the database lost in every way, and the
// runtime killed at every one. Between the loss and whatever follows, somebody else writes three of the
// rows, so that a repeat cannot hide.
type losses struct {
	*single
	proxy   *wire.Proxy
	slowest time.Duration // from a kill to the device's empty queue
}

// loss is one way to lose one message.
type loss struct {
	action wire.Action
	kill   bool
	only   string // this command alone; "" for every one
}

func (l loss) String() string {
	if l.kill {
		return string(l.action) + ", and the runtime killed"
	}
	return string(l.action)
}

// blockedFor is how long a killed runtime may stand in the way of the same device's retry.
const blockedFor = 2 * time.Second

// loseEverything runs the stage on one database.
func loseEverything(ctx context.Context, s settings, database string) (held bool, err error) {
	protocol := wire.Protocol(wire.Postgres{})
	if database == "mongodb" {
		protocol = wire.Mongo{}
	}
	l := &losses{}
	l.single, err = openSingle(ctx, s, database, "losses", stand.Options{
		Runtimes: 1,
		Via: func(addr string) (string, error) {
			if l.proxy, err = wire.Listen(addr, protocol); err != nil {
				return "", err
			}
			return l.proxy.Addr(), nil
		},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, l.proxy.Close(), l.close()) }()
	return l.run(ctx, protocol)
}

func (l *losses) run(ctx context.Context, protocol wire.Protocol) (bool, error) {
	start := time.Now()
	commands, _, err := l.once(ctx, loss{}, 0) // only count
	if err != nil {
		return false, err
	}
	ways := []loss{
		{action: wire.DropBefore}, {action: wire.DropReply}, {action: wire.Cut},
		{action: wire.DropBefore, kill: true}, {action: wire.DropReply, kill: true},
	}
	if !protocol.Streams() {
		ways = append(ways, loss{action: wire.Twice, only: "commitTransaction"}) // what a driver itself sends twice
	}
	if l.size.brief {
		ways = []loss{{action: wire.DropReply}}
	}
	fmt.Printf("\n%s: every message of an upload of 10 operations lost; an upload sends %s\n", l.database, tally(commands))
	for _, way := range ways {
		positions, err := l.everywhere(ctx, way, commands)
		if err != nil {
			return false, err
		}
		fmt.Printf("  %5d positions  %s\n", positions, way)
	}
	fmt.Printf("%s: took %s; slowest recovery from a kill %s, restart included\n", l.database, time.Since(start).Round(time.Millisecond), l.slowest.Round(time.Millisecond))
	return l.verdict(ctx, os.Stdout)
}

// everywhere loses each message in turn, until an upload ends before its turn comes.
func (l *losses) everywhere(ctx context.Context, way loss, commands []string) (positions int, err error) {
	for at := 1; ; at++ {
		if way.only != "" && at <= len(commands) && commands[at-1] != way.only {
			continue
		}
		_, struck, err := l.once(ctx, way, at)
		if err != nil {
			return positions, err
		}
		if !struck {
			return positions, nil
		}
		positions++
	}
}

// once uploads one transaction, loses its at-th message, and drains the device.
func (l *losses) once(ctx context.Context, way loss, at int) (commands []string, struck bool, err error) {
	device, ops, err := l.device(ctx)
	if err != nil {
		return nil, false, err
	}
	disturbed := make(chan time.Time, 1)
	restarted := make(chan error, 1)
	var ready time.Time // written before restarted
	device.Write(ops.ten())
	l.proxy.Arm(wire.Plan{At: at, Action: way.action, Struck: func() {
		if way.kill {
			l.stand.Runtimes[0].Kill()
		}
		when := time.Now()
		// Fails where a transaction holds the rows; then there is nothing to disturb.
		_ = l.stand.Database.Touch(ctx, singleTable, ops.touched())
		if way.kill {
			go func() {
				err := l.stand.Runtimes[0].Start(ctx)
				ready = time.Now()
				restarted <- err
			}()
		}
		disturbed <- when
	}})
	within := drainWithin
	if way.kill {
		within = blockedFor + readyWithin
	}
	err = l.drain(ctx, device, within, fmt.Sprintf("message %d %s", at, way))
	if commands, struck = l.proxy.Disarm(); !struck {
		return commands, false, err
	}
	when, drained := <-disturbed, time.Now()
	if way.kill {
		err = errors.Join(err, <-restarted)
		l.slowest = max(l.slowest, drained.Sub(when))
		if blocked := drained.Sub(ready); blocked > blockedFor {
			device.Report(history.Stuck, fmt.Sprintf("message %d %s: the retry was blocked for %s", at, way, blocked.Round(time.Millisecond)))
		}
	}
	return commands, true, err
}

// readyWithin is a generous time for a runtime to start on a busy machine.
const readyWithin = 5 * time.Second

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
