package effect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/effect"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// run makes an attempt at a delivery as the deliverer does.
func (s *stand) run(src source.Source, d *source.Delivery) (string, error) {
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	return s.hooks.AfterCommit().Run(ctx, outbox.Call{Bundle: s.b, Source: src, Delivery: d})
}

// TestAfterCommitSees the same on each attempt: the change, the writer, the delivery's id, clock and randomness, the secrets
// that are named, and the answer of a server.
func TestAfterCommitSees(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		heard = append(heard, r.Header.Get("Authorization")+" "+body(r))
		mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"ok":true}`))
	})
	s := newStand(t, nil, afterCommit(`
		const r = await ctx.fetch(`+"`"+url+`/${change.id}`+"`"+`, { method: "POST", headers: { authorization: ctx.env.API_KEY }, body: JSON.stringify({
		  change, user: ctx.user, id: ctx.deliveryId, now: ctx.now, random: ctx.random(), uuid: ctx.uuid(), env: ctx.env }) });
		console.log("answered", r.status, (await r.json()).ok);
		ctx.log.warn("careful");`)...)
	d := written(t, 1)
	for range 2 {
		log, err := s.run(nil, &d)
		if err != nil || log != "[info] hooks/todos.ts:6 answered 202 true\n[warn] hooks/todos.ts:7 careful" {
			t.Errorf("%q %v", log, err)
		}
	}
	if len(heard) != 2 || heard[0] != heard[1] {
		t.Fatalf("two attempts saw %q", heard)
	}
	for _, part := range []string{"s3cret {", `"op":"PUT"`, `"title":"t1"`, `"id":"` + d.ID + `"`, `"now":"2026-09-21T14:13:20.000Z"`, `"user":{"id":"u1","claims":{"role":"x"},"provider":"main"}`, `"env":{"API_KEY":"s3cret"}`} {
		if !strings.Contains(heard[0], part) {
			t.Errorf("%s lacks %s", heard[0], part)
		}
	}
	if len(s.said) != 4 || s.said[0].Kind != telemetry.Hook || s.said[0].Instance != "ins_1" || s.said[0].Deployment != 7 || s.said[0].RequestID != "req_1" || s.said[0].UserID != "u1" ||
		s.said[0].Outcome != telemetry.Noted || s.said[0].Message != "hooks/todos.ts:6 answered 202 true" || s.said[1].Level != telemetry.Warn {
		t.Errorf("the instance's log: %+v", s.said)
	}
}

// TestAttemptsThatFail: each with its code, and with the place in the source where there is one.
func TestAttemptsThatFail(t *testing.T) {
	for name, c := range map[string]struct{ body, code, message string }{
		"it throws":                  {`throw new Error("boom")`, "hook_error", "hooks/todos.ts:3:11 Error: boom"},
		"it throws what is no error": {`throw { a: 1 }`, "hook_error", "It threw"},
		"a promise rejects":          {`await Promise.reject(new TypeError("no"))`, "hook_error", "TypeError: no"},
		"it never ends":              {`while (true) {}`, "hook_timeout", "hooks/todos.ts:"},
		"it waits for ever":          {`await new Promise(() => {})`, "hook_error", "hooks/todos.ts:2 afterCommit waits for a promise that can never settle."},
		"it takes all memory":        {`let s = "x"; while (true) s += s`, "hook_out_of_memory", "hooks/todos.ts:2 The hook used too much memory."},
		"it asks for the database":   {`await ctx.db.collection("todos").findOne({ id: "1" })`, "hook_error", "ctx.db works only in beforeWrite, resolveConflict, afterWrite, beforeTransaction; this is afterCommit"},
		"it refuses":                 {`ctx.reject("NO")`, "hook_error", "ctx.reject works only in"},
		"an outbox that is not":      {`ctx.enqueue("nowhere", {})`, "hook_error", "nowhere"},
		"a host that is not listed":  {`await ctx.fetch("http://localhost:1/")`, "hook_error", "HostError: The host localhost is not listed under hooks.fetch of the configuration. (fetch_host)"},
		"eleven fetches":             {`for (let i = 0; i < 11; i++) await ctx.fetch("http://localhost:1/").catch((e) => { if (e.code !== "fetch_host") throw e })`, "hook_error", "at most 10 times"},
		"a server that is not there": {`await ctx.fetch("http://127.0.0.1:1/")`, "hook_error", "(fetch_failed)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil, afterCommit("    "+c.body)...)
			if c.code == "hook_timeout" {
				s.b.Config.Hooks.Timeout = 300 * time.Millisecond
			}
			d := written(t, 1)
			log, err := s.run(nil, &d)
			f := fault.Of(err)
			if err == nil || f.Kind != fault.Invalid || f.Code != c.code || !strings.Contains(f.Message, c.message) {
				t.Errorf("%v, want %s: %s", err, c.code, c.message)
			}
			if c.code == "hook_error" && name != "an outbox that is not" && !strings.HasPrefix(log, f.Message) {
				t.Errorf("the log begins with why it failed: %q", log)
			}
			if strings.Contains(f.Message, "127.0.0.1") {
				t.Errorf("an address is told: %s", f.Message)
			}
		})
	}
}

// TestWhatIsNoAttempt: nobody could run the hook, so the deliverer counts none; and what no attempt will change.
func TestWhatIsNoAttempt(t *testing.T) {
	s := newStand(t, nil, afterCommit(`return`)...)
	d := written(t, 1)
	bad := d
	bad.Payload = []byte("{")
	if _, err := s.run(nil, &bad); !fault.Is(err, "payload_unreadable") || !strings.Contains(fmt.Sprintf("%T", err), "gaveUp") {
		t.Errorf("an unreadable payload: %v", err)
	}
	newer := d
	newer.Payload = append(slices.Clone(d.Payload[:len(d.Payload)-1]), `,"more":1}`...)
	if _, err := s.run(nil, &newer); err != nil {
		t.Errorf("the payload of a newer runtime: %v", err)
	}
	other := *s.b
	other.Program = s.compiled("hooks/lists.ts", `export default { afterCommit() {} }`, "hooks/todos.ts", `export default { beforeWrite() {} }`)
	if !s.hooks.AfterCommit().Handles(&other) {
		t.Error("a bundle with afterCommit is not handled")
	}
	if _, err := s.hooks.AfterCommit().Run(t.Context(), outbox.Call{Bundle: &other, Delivery: &d}); !fault.Is(err, "outbox_missing") || fault.IsKind(err, fault.Unavailable) {
		t.Errorf("no afterCommit any more: %v", err)
	}
	other.Program = s.compiled("hooks/todos.ts", `export default { beforeWrite() {} }`)
	if s.hooks.AfterCommit().Handles(&other) || s.hooks.AfterCommit().Handles(&bundle.Bundle{}) {
		t.Error("a bundle without afterCommit is handled")
	}
	s.pool.Close()
	if _, err := s.run(nil, &d); !fault.IsKind(err, fault.Unavailable) || !fault.Is(err, "hook_unavailable") {
		t.Errorf("no worker: %v", err)
	}
}

// TestAHookThatKeepsDying rests, which is no attempt; uploads of its instance go on.
func TestAHookThatKeepsDying(t *testing.T) {
	s := newStand(t, nil, afterCommit(`let s = "x"; while (true) s += s`)...)
	d := written(t, 1)
	rested := false
	for range 6 {
		if _, err := s.run(nil, &d); fault.IsKind(err, fault.Unavailable) {
			rested = true
		}
	}
	if !rested {
		t.Error("it never rested")
	}
	session, err := s.pool.Session(t.Context(), s.b.Instance.ID, s.b.Program)
	if err != nil {
		t.Fatalf("an upload has no worker: %v", err)
	}
	session.Close()
	if len(s.killed) < 3 || s.killed[0].Session != "ins_1/afterCommit" || s.killed[0].Class != hook.ClassOutOfMemory {
		t.Errorf("told of %+v", s.killed)
	}
}

// TestSlowServers hold nobody up but their own hooks: the hook hears of it in time, and goes on.
func TestSlowServers(t *testing.T) {
	release := make(chan struct{})
	waiting := make(chan struct{}, 10)
	url := server(t, func(_ http.ResponseWriter, r *http.Request) {
		waiting <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	s := newStand(t, func(c *effect.Config, _ *worker.Options) { c.Share = 2 },
		afterCommit(`try { await ctx.fetch("`+url+`") } catch (e) { return console.log(e.code) } console.log("answered")`)...)
	type end struct {
		log string
		err error
	}
	ends := make(chan end, 3)
	for n := range 2 {
		d := written(t, n)
		go func() {
			log, err := s.run(nil, &d)
			ends <- end{log, err}
		}()
		select {
		case <-waiting:
		case e := <-ends:
			t.Fatalf("%q %v", e.log, e.err)
		}
	}
	third, began := written(t, 3), time.Now()
	if _, err := s.run(nil, &third); !fault.Is(err, "hook_unavailable") || time.Since(began) > 40*time.Second {
		t.Errorf("beyond the share of all workers: %v after %v", err, time.Since(began))
	}
	for range 2 { // as many as the instance may have
		session, err := s.pool.Session(t.Context(), s.b.Instance.ID, s.b.Program)
		if err != nil {
			t.Fatalf("an upload has no worker: %v", err)
		}
		defer session.Close()
	}
	for range 2 {
		if e := <-ends; e.err != nil || !strings.HasSuffix(e.log, "fetch_timeout") {
			t.Errorf("%q %v", e.log, e.err)
		}
	}
	close(release)
	if d := s.pool.Stats().Deaths; len(d) > 0 {
		t.Errorf("waiting cost workers: %v", d)
	}
}

// TestHugeAnswers are an error that the hook may catch.
func TestHugeAnswers(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		n := 100 << 20
		if r.URL.Path == "/most" {
			n = 1 << 20
		}
		for ; n > 0; n -= 64 << 10 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	s := newStand(t, nil, afterCommit(`
		const most = await (await ctx.fetch("`+url+`/most")).bytes();
		console.log(most.length, await ctx.fetch("`+url+`/").catch((e) => e.code))`)...)
	d := written(t, 1)
	if log, err := s.run(nil, &d); err != nil || !strings.HasSuffix(log, "1048576 fetch_too_large") {
		t.Errorf("%q %v", log, err)
	}
}

// TestEnqueue writes webhooks under ids that come from the delivery's, once however often it is attempted, and none
// for an attempt that failed.
func TestEnqueue(t *testing.T) {
	onBoth(t, func(t *testing.T, src source.Source) {
		s := newStand(t, nil, afterCommit(`ctx.enqueue("crm", { id: change.id, n: 1 }); ctx.enqueue("crm", { n: 2 }); if (change.id === "row2") throw new Error("boom")`)...)
		d, failing := written(t, 1), written(t, 2)
		for range 2 {
			if _, err := s.run(src, &d); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.run(src, &failing); !fault.Is(err, "hook_error") {
			t.Errorf("%v", err)
		}
		list, err := src.Deliveries(t.Context(), source.DeliveryFilter{Limit: 100})
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		var payloads []string
		for _, w := range list {
			full, err := src.Delivery(t.Context(), w.ID)
			if err != nil {
				t.Fatal(err)
			}
			payloads = append(payloads, string(full.Payload))
			if full.Kind != source.Webhook || full.Lane != "crm" || full.UserID != "u1" || full.TableName != "todos" || full.RowID != "row1" || full.RequestID != "req_1" || full.Deployment != 7 || full.Status != source.Pending {
				t.Errorf("%+v", full)
			}
		}
		slices.Sort(payloads)
		if !slices.Equal(payloads, []string{`{"id":"row1","n":1}`, `{"n":2}`}) {
			t.Errorf("payloads: %q", payloads)
		}
	})
}

// broken is a source whose transactions do not begin.
type broken struct {
	source.Source
	class source.Class
}

// Begin implements source.Source.
func (b broken) Begin(context.Context, source.Session) (source.Tx, error) {
	return nil, &source.Failure{Class: b.class, Code: "X", Message: "Not now.", Err: errors.New("10.0.0.1 refused")}
}

// TestEnqueueWithoutADatabase is no verdict on the hook.
func TestEnqueueWithoutADatabase(t *testing.T) {
	s := newStand(t, nil, afterCommit(`ctx.enqueue("crm", {})`)...)
	d := written(t, 1)
	for class, kind := range map[source.Class]fault.Kind{source.Down: fault.Unavailable, source.Conflict: fault.Unavailable, source.Misconfigured: fault.Invalid} {
		if _, err := s.run(broken{class: class}, &d); !fault.IsKind(err, kind) || strings.Contains(fault.Of(err).Message, "10.0.0.1") {
			t.Errorf("%v: %v", class, err)
		}
	}
}
