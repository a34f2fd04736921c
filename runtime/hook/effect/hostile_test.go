package effect_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/source"
)

// TestHostileAfterCommit: whatever is done with fetch, enqueue and time after a commit, the attempt has an end that says
// why, nothing is sent beyond the limits, and the next delivery of the same instance finds a worker.
func TestHostileAfterCommit(t *testing.T) {
	asked := make(chan string, 1000)
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.URL.Path:
		default:
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 100_000)))
	})
	stand := newStand(t, nil, afterCommit("return")...)
	for name, body := range map[string]string{
		"a flood of requests":                  `const all = []; for (let i = 0; i < 1e4; i++) all.push(ctx.fetch("URL/flood").catch((e) => e.code)); await Promise.all(all)`,
		"a flood that nobody waits for":        `for (let i = 0; i < 1e4; i++) ctx.fetch("URL/flood").catch(() => {})`,
		"requests from timers":                 `setInterval(() => ctx.fetch("URL/flood").catch(() => {}), 0); await new Promise(() => {})`,
		"requests after the answer":            `setTimeout(() => { for (;;) ctx.fetch("URL/late") }, 0); return 1`,
		"an address that is a trap":            `await ctx.fetch({ toString() { for (;;) {} } })`,
		"options that are traps":               `await ctx.fetch("URL/", new Proxy({}, { get() { for (;;) {} }, ownKeys() { for (;;) {} } }))`,
		"headers without end":                  `await ctx.fetch("URL/", { headers: { [Symbol.iterator]: function* () { for (let i = 0; ; i++) yield ["x" + i, "y"] } } })`,
		"a header that is a trap":              `await ctx.fetch("URL/", { headers: [["x", { toString() { for (;;) {} } }]] })`,
		"a method that changes":                `let n = 0; await ctx.fetch("URL/", { get method() { return n++ ? "GET" : "CONNECT" } })`,
		"a method that is a request":           `await ctx.fetch("URL/", { method: "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET" })`,
		"a header that is a request":           `await ctx.fetch("URL/", { headers: { "x": "y\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x" } })`,
		"a body larger than what may be asked": `await ctx.fetch("URL/", { method: "POST", body: "x".repeat(3e7) })`,
		"bodies that are views of one buffer":  `const b = new ArrayBuffer(6e4); for (;;) await ctx.fetch("URL/", { method: "POST", body: new Uint8Array(b, 1) }).catch(() => {})`,
		"an answer read for ever":              `const r = await ctx.fetch("URL/"); const keep = []; for (;;) keep.push(await r.text())`,
		"an answer that is no JSON":            `await (await ctx.fetch("URL/")).json()`,
		"addresses of the machine":             `for (const u of ["http://2130706433/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://127.0.0.1.nip.io/", "http://127.0.0.1@evil.example/"]) { let ok = true; await ctx.fetch(u).catch(() => { ok = false }); if (ok) await ctx.fetch("URL/reached") }`,
		"messages without end":                 `for (let i = 0; ; i++) try { ctx.enqueue("crm", { i }) } catch { }`,
		"messages as large as can be":          `for (let i = 0; i < 100; i++) try { ctx.enqueue("crm", "x".repeat(65000)) } catch { }; throw new Error("done")`,
		"a message that is a trap":             `ctx.enqueue("crm", { toJSON() { for (;;) {} } })`,
		"a delivery's id that is changed":      `try { ctx.deliveryId = "other" } catch { }; if (ctx.deliveryId === "other") await ctx.fetch("URL/reached"); Object.defineProperty(ctx, "deliveryId", { value: "other" })`,
		"a change that is changed":             `change.table = "lists"; change.new = { get x() { for (;;) {} } }; return change.new.x`,
	} {
		t.Run(name, func(t *testing.T) {
			s, b := stand, *stand.b
			s.b = &b
			s.b.Instance.ID, s.b.Config.Hooks.Timeout = name, 200*time.Millisecond
			s.b.Program = s.compiled(afterCommit("    " + strings.ReplaceAll(body, "URL", url))...)
			d := written(t, 1)
			began := time.Now()
			log, err := s.run(broken{class: source.Misconfigured}, &d)
			if err != nil && fault.Of(err).Code == "" {
				t.Errorf("it ended without a reason: %v", err)
			}
			t.Logf("after %s: %v %.200q", time.Since(began).Round(time.Millisecond), err, log)
			requests := 0
			for len(asked) > 0 {
				requests++
				if path := <-asked; path == "/reached" || path == "/smuggled" || path == "/late" {
					t.Errorf("the server was asked for %s", path)
				}
			}
			if requests > 10 {
				t.Errorf("%d requests came through", requests)
			}
			if w, err := s.pool.Session(t.Context(), s.b.Instance.ID, s.b.Program); err != nil {
				t.Errorf("an upload has no worker: %v", worker.FailureOf(err))
			} else {
				w.Close()
			}
		})
	}
}
