package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
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

// saved runs a case's test against hook files, as deploying does.
func (w *world) saved(p *pooled, c rehearsal.Case, files ...string) (passed bool, why string) {
	w.t.Helper()
	s, err := c.Save()
	if err != nil {
		w.t.Fatal(err)
	}
	list := []hook.File{{Path: s.Path, Text: s.Text}, {Path: s.FixturePath, Text: s.Fixture}}
	for i := 0; i < len(files); i += 2 {
		list = append(list, hook.File{Path: files[i], Text: files[i+1]})
	}
	tested, err := p.Pool.Test(w.t.Context(), w.t.Name(), hook.Test{Files: list, Limits: hook.DefaultLimits(), NowMS: 1, Seed: "s"})
	if err != nil || len(tested.Tests) != 1 {
		w.t.Fatalf("%+v %v\n%s\n%s", tested, err, s.Text, s.Fixture)
	}
	if f := tested.Tests[0].Failure; f != nil {
		why = f.Message
	}
	return tested.Tests[0].Passed, why
}

// TestARecordedCaseAsATest passes with a hook that decides as it was decided, and fails with another.
func TestARecordedCaseAsATest(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		met := w.inConflict("merged", `"n":10,"name":"-","secret":"s"`, `"n":7`, `"n":6,"name":"x"`, `"n":10`, "success")
		w.device("four").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":3`))
		w.device("six").does("success", entryOf("DELETE", "merged", "", `"n":10`))
		lost := w.conflicts()[1]
		w.offset += 10
		open := w.inConflict("kept", `"n":1,"name":"-"`, `"n":2,"name":"a"`, `"n":3`, `"n":1`, "fatal_error CONFLICT_RECORDED 0")
		w.offset += 10
		w.hook(p, todos(`beforeWrite(w, ctx) { if (w.data.title === "late") ctx.reject("TOO_LATE", "Not now."); if (w.data.title === "bad") null.x }`)...)
		for _, title := range []string{"late", "bad"} {
			w.offset += 10
			code := map[string]string{"late": "TOO_LATE", "bad": "hook_error"}[title]
			w.want(w.device(title).body([]string{entryOf("PUT", "todos", `"owner_id":"u1","title":"ok"`, ""), entryOf("PATCH", "todos", `"title":"`+title+`"`, "")}), "fatal_error "+code+" 1")
		}
		w.offset += 10
		w.device("five").does("fatal_error UNAUTHORIZED 0", entryOf("PUT", "todos", `"owner_id":"u2"`, ""))
		by := map[string]string{}
		for _, x := range w.rejections(source.RejectionFilter{Limit: 10}) {
			by[x.ErrorCode] = x.ID
		}
		r := w.rehearsedWith(p, nil, append(todos(`beforeWrite() {}`), "hooks/merged.ts", "export default { resolveConflict() {} }")...)
		bare := w.rehearsedWith(p, nil, todos(`beforeWrite() {}`)...)
		w.unchanged(func() {
			for _, c := range []struct {
				name               string
				of                 rehearsal.Order
				passes, fails      []string
				input, want, never string
			}{
				{"decided", rehearsal.Order{Conflict: met.ID}, []string{
					`resolveConflict(c) { return { n: c.server.n + c.client.n - c.base.n } }`,
					`resolveConflict(c) { if (c.write.data.name === "x" && c.server.secret === "s") return { n: 3 } }`},
					[]string{`resolveConflict() { return "client" }`, `resolveConflict() { return "server" }`, `resolveConflict(c, ctx) { ctx.reject("NO") }`, `resolveConflict() { null.x }`}, `"n": 7`, `"decided"`, `100`},
				{"left open", rehearsal.Order{Conflict: open.ID}, []string{`resolveConflict() { return "server" }`, `resolveConflict(c) { return { n: 9 } }`},
					[]string{`resolveConflict(c, ctx) { ctx.reject("NO") }`, `resolveConflict() { null.x }`}, `"n": 2`, `"fields"`, `"decided"`},
				{"refused by the hook", rehearsal.Order{Rejection: by["TOO_LATE"]}, []string{`beforeWrite(w, ctx) { if (w.op === "PATCH" && w.old.title === "ok") ctx.reject("TOO_LATE") }`},
					[]string{`beforeWrite() {}`, `beforeWrite(w, ctx) { ctx.reject("OTHER") }`}, `"title": "late"`, `"code": "TOO_LATE"`, `"decided"`},
				{"a hook that failed", rehearsal.Order{Rejection: by["hook_error"]}, []string{`beforeWrite() {}`, `beforeWrite(w) { w.data.title = "x" }`},
					[]string{`beforeWrite() { null.x }`, `beforeWrite(w, ctx) { ctx.reject("NO") }`}, `"title": "bad"`, `"user"`, `"refused"`},
			} {
				made, err := r.Case(t.Context(), c.of)
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
					continue
				}
				s, err := made.Save()
				if err != nil || !strings.Contains(s.Fixture, c.input) || !strings.Contains(s.Fixture, c.want) || strings.Contains(s.Fixture, c.never) {
					t.Errorf("%s: %v\n%s", c.name, err, s.Fixture)
				}
				for want, bodies := range map[bool][]string{true: c.passes, false: c.fails} {
					for _, body := range bodies {
						if got, why := w.saved(p, made, "hooks/"+made.Table+".ts", "export default { "+body+" }"); got != want {
							t.Errorf("%s with %s: %v %s\n%s\n%s", c.name, body, got, why, s.Text, s.Fixture)
						}
					}
				}
			}
			if _, err := bare.Case(t.Context(), rehearsal.Order{Conflict: met.ID}); !fault.Is(err, "case_without_hook") || !strings.Contains(err.Error(), "no resolveConflict") {
				t.Errorf("decided by a policy, and no hook decides: %v", err)
			}
			for _, of := range []rehearsal.Order{{Conflict: lost.ID}, {Rejection: by["UNAUTHORIZED"]}} {
				if _, err := r.Case(t.Context(), of); !fault.Is(err, "case_without_hook") {
					t.Errorf("%+v: %v", of, err)
				}
			}
		})
	})
}
