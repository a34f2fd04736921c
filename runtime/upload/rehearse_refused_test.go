package upload_test

import (
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
)

// TestARefusalAsATest asks the function that refused, or failed: the test passes with the hook that did it, if it refused; with one that lets
// the write through, if it failed.
func TestARefusalAsATest(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	const whole = "hooks/_transaction.ts"
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.decidedByHook()
		for _, c := range []struct {
			name, file, body, code string
			passes, fails          []string
			input                  []string
		}{
			{"resolveConflict refuses", "hooks/kept.ts", `resolveConflict(c, ctx) { ctx.reject("ASK_FIRST") }`, "ASK_FIRST",
				[]string{`resolveConflict(c, ctx) { if (c.server.name === "theirs" && c.base.name === "first" && c.client.name === "mine" && c.fields[0] === "name") ctx.reject("ASK_FIRST") }`},
				[]string{`resolveConflict() { return "client" }`, `resolveConflict(c, ctx) { ctx.reject("OTHER") }`}, []string{`"resolveConflict", saved`, `"code": "ASK_FIRST"`}},
			{"resolveConflict fails", "hooks/kept.ts", `resolveConflict() { null.x }`, "hook_error",
				[]string{`resolveConflict() { return "server" }`}, []string{`resolveConflict() { null.x }`, `resolveConflict(c, ctx) { ctx.reject("NO") }`}, []string{`["client", "server", "values"]`}},
			{"afterWrite refuses", "hooks/kept.ts", `resolveConflict() { return "client" }, afterWrite(c, ctx) { if (c.new.name === "mine") ctx.reject("TOO_MUCH") }`, "TOO_MUCH",
				[]string{`afterWrite(c, ctx) { if (c.op === "PATCH" && c.old.name === "theirs" && c.new.name === "mine" && c.fields.includes("name")) ctx.reject("TOO_MUCH") }`},
				[]string{`afterWrite() {}`, `beforeWrite(c, ctx) { ctx.reject("TOO_MUCH") }`}, []string{`"afterWrite", saved`}},
			{"afterWrite fails", "hooks/kept.ts", `resolveConflict() { return "client" }, afterWrite(c, ctx) { if (c.new.name === "mine") null.x }`, "hook_error",
				[]string{`afterWrite() {}`}, []string{`afterWrite() { null.x }`}, []string{`["done"]`}},
			{"beforeTransaction refuses", whole, `beforeTransaction(writes, ctx) { if (writes.length > 1) ctx.reject("TOO_MANY") }`, "TOO_MANY",
				[]string{`beforeTransaction(writes, ctx) { if (writes.length === 2 && writes[1].old.name === "theirs" && ctx.user.id === "u1") ctx.reject("TOO_MANY") }`},
				[]string{`beforeTransaction() {}`}, []string{`"beforeTransaction", saved`, `from "./_transaction"`}},
			{"beforeWrite refuses", "hooks/kept.ts", `resolveConflict() { return "client" }, beforeWrite(w, ctx) { if (w.data.name === "mine") ctx.reject("NEVER") }`, "NEVER",
				[]string{`beforeWrite(w, ctx) { if (w.old.name === "theirs") ctx.reject("NEVER") }`}, []string{`beforeWrite() {}`}, []string{`"beforeWrite", saved`}},
		} {
			t.Run(c.name, func(t *testing.T) {
				w.t, w.offset = t, w.offset+10
				files := append(resolver("kept", `resolveConflict() { return "client" }`), whole, "export default {}")
				files[slices.Index(files, c.file)+1] = "export default { " + c.body + " }"
				w.hook(p, files...)
				w.device("first").does("success", entryOf("PUT", "kept", `"n":1,"name":"first"`, ""))
				w.device("theirs").does("success", entryOf("PATCH", "kept", `"name":"theirs"`, `"name":"first"`))
				blames := " 1"
				if c.file == whole {
					blames = ""
				}
				w.want(w.device("mine").body([]string{entryOf("PATCH", "kept", `"n":2`, `"n":1`), entryOf("PATCH", "kept", `"name":"mine"`, `"name":"first"`)}), "fatal_error "+c.code+blames)
				refused := slices.MaxFunc(w.rejections(source.RejectionFilter{Limit: 100}), func(a, b source.Rejection) int { return a.CreatedAt.Compare(b.CreatedAt) })
				r := w.rehearsedWith(p, nil, files...)
				made, err := r.Case(t.Context(), rehearsal.Order{Rejection: refused.ID})
				if err != nil {
					t.Fatal(err)
				}
				s, err := made.Save()
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range c.input {
					if !strings.Contains(s.Text+s.Fixture, part) {
						t.Errorf("the test lacks %s:\n%s\n%s", part, s.Text, s.Fixture)
					}
				}
				for want, bodies := range map[bool][]string{true: c.passes, false: c.fails} {
					for _, body := range bodies {
						if got, why := w.saved(p, made, c.file, "export default { "+body+" }"); got != want {
							t.Errorf("with %s: %v %s\n%s\n%s", body, got, why, s.Text, s.Fixture)
						}
					}
				}
			})
		}
	})
}
