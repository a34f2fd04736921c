package worker_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/wire"
)

// TestHostileFrames: whatever a worker that was taken over writes, the runtime ends it and goes on.
func TestHostileFrames(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU = 10 * time.Second }) // nobody waits for that
	frame := func(kind hook.Kind, id uint32, payload string) []byte {
		return wire.Append(nil, wire.Frame{Kind: kind, ID: id, Payload: []byte(payload)})
	}
	for name, raw := range map[string][]byte{
		"a result of another request":    frame(hook.KindRan, 7, "x"),
		"a result before its time":       frame(hook.KindRan, 2, "x"),
		"an answer of another kind":      frame(hook.KindLoaded, 1, "x"),
		"a second greeting":              frame(wire.Hello, 0, "{}"),
		"an unknown kind":                frame(200, 1, "x"),
		"a kind that only we send":       frame(hook.KindRun, 1, "x"),
		"an announced gigabyte":          {0, 0, 0, 64, byte(hook.KindRan), 1, 0, 0, 0},
		"four announced gigabytes":       {255, 255, 255, 255, byte(hook.KindRan), 1, 0, 0, 0},
		"a call with a wrong id":         frame(hook.KindHostCall, 5, "x"),
		"a call nobody serves":           frame(hook.KindHostCall, 1, "x"),
		"two retirements":                append(frame(wire.Retire, 1, ""), frame(wire.Retire, 1, "")...),
		"a retirement of somebody":       frame(wire.Retire, 9, ""),
		"half a header":                  {1, 0},
		"half a payload":                 {200, 0, 0, 0, byte(hook.KindRan), 1, 0, 0, 0, 'x'},
		"zeros":                          make([]byte, 100),
		"a broken request that was fine": frame(hook.KindBroken, 1, "{}"),
	} {
		t.Run(name, func(t *testing.T) {
			q, half := worker.Request{Payload: []byte("raw " + hex.EncodeToString(raw))}, strings.HasPrefix(name, "half")
			if half { // it swallows the worker's own, honest answer, and then that is late or nonsense
				q.CPU = 100 * time.Millisecond
			}
			_, err := asking(t.Context(), p, name, q)
			if got := classOf(t, err); got != hook.ClassCrashed && !(half && got == hook.ClassTimeout) {
				t.Errorf("ended as %q: %v", got, err)
			}
			if got := mustAsk(t, p, "neighbour", "echo fine"); got != "fine" {
				t.Errorf("a neighbour got %q", got)
			}
		})
	}
}

// TestSpeakingUnasked: bytes behind an answer end the worker at the next request, before they are read as its answer.
func TestSpeakingUnasked(t *testing.T) {
	p := newPool(t, nil)
	s, err := p.Session(t.Context(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	early := wire.Append(wire.Append(nil, wire.Frame{Kind: hook.KindRan, ID: 1}), wire.Frame{Kind: hook.KindRan, ID: 2, Payload: []byte("forged")})
	if _, err := s.Run(t.Context(), worker.Request{Payload: []byte("raw " + hex.EncodeToString(early))}); err != nil {
		t.Fatalf("the first answer was taken by its id: %v", err)
	}
	if answer, err := s.Run(t.Context(), worker.Request{Payload: []byte("echo x")}); classOf(t, err) != hook.ClassCrashed {
		t.Errorf("the forged answer was taken: %q, %v", answer, err)
	}
	if _, err := s.Run(t.Context(), worker.Request{Payload: []byte("echo x")}); classOf(t, err) != hook.ClassAborted {
		t.Errorf("a broken session goes on: %v", err)
	}
}

// TestCallsBack: they reach the host of the run that made them, one at a time, within a budget.
func TestCallsBack(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.Host = 300 * time.Millisecond })
	served := 0
	echo := func(_ context.Context, payload []byte) ([]byte, error) {
		served++
		return append([]byte("re: "), payload...), nil
	}
	slow := func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	sleepy := func(context.Context, []byte) ([]byte, error) {
		pause(60 * time.Millisecond)
		return nil, nil
	}
	failing := func(context.Context, []byte) ([]byte, error) { return nil, errHost }
	for _, c := range []struct {
		name, words string
		host        worker.Host
		class       hook.Class
		served      int
		tries       int // where a machine that stands still for a moment may end it otherwise
	}{
		{"fifty", "call 50", echo, "", 50, 1},
		{"one too many", "call 51", echo, hook.ClassCrashed, 50, 1},
		{"no host", "call 1", nil, hook.ClassCrashed, 0, 1},
		{"a host that says no", "call 3", failing, hook.ClassAborted, 0, 1},
		{"a host that hangs, which is not the hook's fault", "call 1", slow, hook.ClassUnavailable, 0, 1},
		{"waiting is not computing", "call 4", sleepy, "", 0, 10},
		{"but all of it has an end", "call 9", sleepy, hook.ClassTimeout, 0, 10},
		{"a flood that waits for nothing", "flood", echo, hook.ClassCrashed, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			for try := range c.tries {
				served = 0
				if _, err = asking(t.Context(), p, fmt.Sprint(c.name, try), worker.Request{Payload: []byte(c.words), Host: c.host}); classOf(t, err) == c.class {
					break
				}
			}
			if got := classOf(t, err); got != c.class {
				t.Errorf("ended as %q: %v", got, err)
			}
			if served != c.served {
				t.Errorf("%d calls were served, want %d", served, c.served)
			}
		})
	}
}

// TestALargeCallIsRefused before the host sees it.
func TestALargeCallIsRefused(t *testing.T) {
	p := newPool(t, nil)
	raw := wire.Append(nil, wire.Frame{Kind: hook.KindHostCall, ID: 1, Payload: make([]byte, 600<<10)})
	q := worker.Request{Payload: []byte("raw " + hex.EncodeToString(raw)), Host: func(context.Context, []byte) ([]byte, error) {
		t.Error("the host was asked")
		return nil, nil
	}}
	if _, err := asking(t.Context(), p, "a", q); classOf(t, err) != hook.ClassCrashed {
		t.Errorf("ended as %v", err)
	}
}

// TestJobs: what parses strangers' text has a process of its own each time, more memory, and less to lose.
func TestJobs(t *testing.T) {
	patient, hasty := newPool(t, nil), newPool(t, func(o *worker.Options) { o.Bundles.CPU = 300 * time.Millisecond })
	bundle := func(p *worker.Pool, text string) (string, error) {
		b, err := p.Bundle(t.Context(), "a", hook.Bundle{Files: []hook.File{{Path: "hooks/a.ts", Text: text}}})
		if err != nil {
			return "", err
		}
		return b.Diagnostics[0].Message, nil
	}
	for _, c := range []struct {
		pool   *worker.Pool
		text   string
		class  hook.Class
		answer string
	}{
		{patient, "echo parsed", "", "parsed"},
		{patient, "hold 120", "", "120"},
		{patient, "hold 400", hook.ClassOutOfMemory, ""},
		{patient, "recurse", hook.ClassCrashed, ""},
		{hasty, "hang", hook.ClassTimeout, ""},
	} {
		answer, err := bundle(c.pool, c.text)
		if got := classOf(t, err); got != c.class || answer != c.answer {
			t.Errorf("%s: %q, %q: %v", c.text, got, answer, err)
		}
	}
	if s := patient.Stats(); s.Bundles != 4 || s.Leased != 0 {
		t.Errorf("counted %+v", s)
	}
}
