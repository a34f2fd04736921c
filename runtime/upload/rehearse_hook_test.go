package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// rehearsedWith is a rehearsal with hook files.
func (w *world) rehearsedWith(p *pooled, change func(*bundle.Config), files ...string) *upload.Rehearsal {
	w.t.Helper()
	return w.rehearsedOver(w.src, change, func(b *bundle.Bundle, d *upload.Deps) {
		b.Program, d.Hooks, d.Seed = bundled(w.t, p.Pool, files...), p, func() string { return "seed" }
		b.Instance.ID = w.t.Name()
	})
}

// calls spells the calls of hooks: "beforeWrite changed; afterWrite done".
func calls(v rehearsal.Verdict) string {
	var out []string
	for _, c := range v.Hooks {
		s := c.Function + " " + c.Result
		if c.Failure != nil {
			s += " " + c.Failure.Code
		}
		if c.Rejection != nil {
			s += " " + c.Rejection.Code
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// TestHooksAreRehearsed: each call with its result, logs and failure, and nothing stays of what they would have done.
func TestHooksAreRehearsed(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	put := `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":" a "},"metadata":"m"}`
	for _, c := range []struct{ name, body, want, calls, row string }{
		{"changed", `beforeWrite(w, ctx) { ctx.log.info("hi", w.metadata); w.data.title = w.data.title.trim() }`, "applied", "beforeWrite changed", `"title":"a"`},
		{"dropped", `beforeWrite(w, ctx) { return ctx.drop("no") }`, "applied", "beforeWrite dropped", ""},
		{"rejected", `beforeWrite(w, ctx) { ctx.reject("TOO_LATE", "Not now.", {at: 1}) }`, "refused TOO_LATE 0", "beforeWrite rejected TOO_LATE", ""},
		{"throws", `beforeWrite(w) { null.x }`, "refused hook_error 0", "beforeWrite failed hook_error", ""},
		{"loops", `beforeWrite(w) { for (;;); }`, "refused hook_timeout 0", "beforeWrite failed hook_timeout", ""},
		{"effects", `afterWrite(c, ctx) { ctx.enqueue("crm", {t: c.new.title}) }, afterCommit() {}`, "applied", "afterWrite done", `"title":" a "`},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				r := w.rehearsedWith(p, func(cfg *bundle.Config) {
					cfg.Outbox = map[string]bundle.Outbox{"crm": {URL: "https://crm.example"}}
				}, todos(c.body)...)
				w.unchanged(func() {
					v := w.run(r, inline(put))
					got := string(v.Outcome)
					if v.Code != "" {
						got += fmt.Sprintf(" %s %d", v.Code, *v.Operation)
					}
					if got != c.want || calls(v) != c.calls {
						t.Errorf("got %q, %q; want %q, %q: %s %s", got, calls(v), c.want, c.calls, v.Message, v.Detail)
					}
					if c.row != "" && (len(v.Changes) != 1 || !strings.Contains(string(v.Changes[0].New), c.row)) || c.row == "" && len(v.Changes) != 0 {
						t.Errorf("%+v", v.Changes)
					}
					switch c.name {
					case "changed":
						if h := v.Hooks[0]; len(h.Logs) != 1 || h.Logs[0].Text != "hi m" || h.Logs[0].File != "hooks/todos.ts" || h.DurationUS <= 0 || !strings.Contains(string(h.Argument), `"title":" a "`) {
							t.Errorf("%+v", h)
						}
					case "throws":
						if f := v.Hooks[0].Failure; f.File != "hooks/todos.ts" || f.Line != 2 {
							t.Errorf("%+v", f)
						}
					case "effects":
						got := map[string]rehearsal.Effect{}
						for _, e := range v.Effects {
							got[e.Kind] = e
						}
						if sent := got[string(source.Webhook)]; len(got) != 2 || sent.Outbox != "crm" || string(sent.Payload) != `{"t":" a "}` {
							t.Errorf("%+v", v.Effects)
						}
					}
				})
			})
		})
	}
}

// TestAConflictIsDecidedOnceMoreByAHook over what was stored then, with the clock of then.
func TestAConflictIsDecidedOnceMoreByAHook(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		met := w.inConflict("merged", `"n":10,"name":"-"`, `"n":7`, `"n":6,"name":"x"`, `"n":10`, "success")
		w.device("four").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":3`))
		r := w.rehearsedWith(p, func(c *bundle.Config) {
			merged := c.Tables["merged"]
			merged.OnConflict = bundle.OnConflict{Policy: bundle.RowHook}
			c.Tables["merged"] = merged
		}, "hooks/merged.ts", `export default { resolveConflict(c, ctx) { return { n: c.base.n + c.server.n + c.client.n, name: String(ctx.now.getTime()) } } }`)
		w.unchanged(func() {
			v := w.run(r, rehearsal.Order{Conflict: met.ID})
			if calls(v) != "resolveConflict values" || len(v.Changes) != 1 {
				t.Fatalf("%s %s: %s %s %+v", calls(v), v.Code, v.Message, v.Detail, v.Changes)
			}
			var row struct {
				N    int64
				Name string
			}
			if err := json.Unmarshal(v.Changes[0].New, &row); err != nil || row.N != 23 || row.Name != fmt.Sprint(met.CreatedAt.UnixMilli()) {
				t.Errorf("%s, met at %v", v.Changes[0].New, met.CreatedAt.UnixMilli())
			}
		})
	})
}
