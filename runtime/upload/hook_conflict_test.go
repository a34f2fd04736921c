package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// decidedByHook makes kept's conflicts, and those of merged's owner, a hook's.
func (w *world) decidedByHook() {
	kept, merged := w.config.Tables["kept"], w.config.Tables["merged"]
	kept.OnConflict = bundle.OnConflict{Policy: bundle.RowHook}
	owner := merged.Fields["owner"]
	owner.Merge = bundle.Merge{Policy: bundle.MergeHook}
	merged.Fields["owner"] = owner
	w.config.Tables["kept"], w.config.Tables["merged"] = kept, merged
}

// resolver is a table's hook file, beside ones that let clients have their way.
func resolver(table, body string) (files []string) {
	for _, name := range []string{"kept", "merged"} {
		if name != table {
			files = append(files, "hooks/"+name+".ts", `export default { resolveConflict() { return "client" } }`)
		}
	}
	return append(files, "hooks/"+table+".ts", "export default { "+body+" }")
}

// TestResolveConflict: what the hook says about a conflict of a row or of a field, what is stored, and what is kept of it.
func TestResolveConflict(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.decidedByHook()
		for _, c := range []struct {
			name, table, body, want, row, recorded string
		}{
			{"client", "kept", `resolveConflict() { return "client" }`, "success", "n=3L name=mine", ""},
			{"server", "kept", `resolveConflict() { return "server" }`, "success", "n=3L name=theirs", "server hook name:server"},
			{"values", "kept", `resolveConflict(c) { return { name: c.server.name + "+" + c.client.name } }`, "success", "n=3L name=theirs+mine", "merged hook name:merged"},
			{"the whole row", "kept", `resolveConflict(c) { return { ...c.server, ...c.client, name: "x" } }`, "success", "n=3L name=x", "merged hook name:merged"},
			{"another column", "kept", `resolveConflict(c) { return { name: c.client.name, at: "2026-01-02T03:04:05.000Z" } }`, "success", "at=2026-01-02T03:04:05.000Z n=3L name=mine", ""},
			{"what it is given", "kept", `resolveConflict(c) { return { name: JSON.stringify([c.base, c.server.name, c.client, c.fields, c.write.op, c.write.data, c.write.old.name]) } }`, "success",
				`n=3L name=[{"name":"first","n":1},"theirs",{"name":"mine","n":3},["name"],"PATCH",{"name":"mine","n":3},"theirs"]`, "merged hook name:merged"},
			{"rejected", "kept", `resolveConflict(c, ctx) { ctx.reject("ASK_FIRST") }`, "fatal_error ASK_FIRST 0", "n=1L name=theirs", ""},
			{"throws", "kept", `resolveConflict(c, ctx) { throw 1 }`, "fatal_error hook_error 0", "n=1L name=theirs", ""},
			{"nonsense", "kept", `resolveConflict(c, ctx) { return { name: [1] } }`, "fatal_error hook_invalid_result 0", "n=1L name=theirs", ""},
			{"a value that the rule forbids", "kept", `resolveConflict() { return { name: "forbidden" } }`, "fatal_error UNAUTHORIZED 0", "n=1L name=theirs", ""},
			{"with beforeWrite", "kept", `beforeWrite(w) { if (w.data.name === "mine") w.data.name = "MINE" }, resolveConflict(c) { return { name: c.client.name + c.write.data.name } }`, "success", "n=3L name=MINEMINE", "merged hook name:merged"},
			{"a field", "merged", `resolveConflict(c) { return { owner: c.server.owner + c.client.owner + c.fields, n: 99, body: "b" } }`, "success", "body=b n=6L name=mine owner=theirsmineowner", "merged merge owner:merged,n:merged,name:client"},
		} {
			t.Run(c.name, func(t *testing.T) {
				w.t, w.offset = t, w.offset+10
				w.hook(p, resolver(c.table, c.body)...)
				first, theirs, mine, saw := `"name":"first","n":1`, `"name":"theirs"`, `"name":"mine","n":3`, `"name":"first","n":1`
				if c.table == "merged" {
					first, theirs, mine, saw = `"owner":"first","n":1,"name":"a"`, `"owner":"theirs","n":4,"name":"b"`, `"owner":"mine","n":3,"name":"mine"`, `"owner":"first","n":1,"name":"a"`
				}
				plain := w.hooked(p, w.src, nil, resolver(c.table, `resolveConflict() { return "client" }`)...)
				w.send(plain, "POST", transactions(crud(entryOf("PUT", c.table, first, "")), crud(entryOf("PATCH", c.table, theirs, ""))))
				known := len(w.recordedConflicts())
				w.want(transactions(crud(entryOf("PATCH", c.table, mine, saw))), c.want)
				if got := w.row(c.table, 1); got != c.row {
					t.Errorf("the row is %q, want %q", got, c.row)
				}
				got := ""
				for _, r := range w.recordedConflicts()[known:] {
					var fields []string
					for _, f := range r.Fields {
						fields = append(fields, f.Name+":"+f.Outcome)
					}
					got += r.Outcome + " " + r.Policy + " " + strings.Join(fields, ",")
					if r.Deployment != 3 || r.Status != source.ConflictDecided {
						t.Errorf("%+v", r)
					}
				}
				if got != c.recorded {
					t.Errorf("recorded %q, want %q", got, c.recorded)
				}
			})
		}
	})
}

// recordedConflicts are all of them, oldest first.
func (w *world) recordedConflicts() []source.ConflictRecord {
	w.t.Helper()
	list, err := w.src.Conflicts(w.t.Context(), source.ConflictFilter{OldestFirst: true, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestAPolicyThatAsksNobody: a deployment that leaves conflicts to a hook must have it.
func TestAPolicyThatAsksNobody(t *testing.T) {
	w := postgresWorld(t, conflictTables)
	w.decidedByHook()
	if err := w.tryEngine(w.config); err == nil || !strings.Contains(err.Error(), "resolveConflict") {
		t.Errorf("got %v", err)
	}
}

// TestHookIsNoConflict: what a hook makes of a device's value is no reason to call the device's next write, which builds
// on its own, a conflict.
func TestHookIsNoConflict(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithPolicies(t, func(t *testing.T, w *world) {
		w.hook(p, resolver("strict", `beforeWrite(w) { if (w.data && w.data.name) w.data.name = w.data.name.trim() }`)...)
		op := func(n int, verb, data, saw string) string {
			return from("c1", crud(strings.Replace(entryOf(verb, "strict", data, saw), `{`, fmt.Sprintf(`{"op_id":%d,`, n), 1)))
		}
		w.want(op(1, "PUT", `"name":" a "`, ""), "success")
		w.want(op(2, "PATCH", `"name":" b "`, `"name":" a "`), "success")
		w.want(op(3, "PATCH", `"name":" c "`, `"name":" b "`), "success")
		if got := w.row("strict", 1); got != "name=c" {
			t.Errorf("the row is %q", got)
		}
		w.want(strings.Replace(op(4, "PATCH", `"name":"d"`, `"name":" b "`), "c1", "c2", 1), "fatal_error CONFLICT 0")
	})
}

// TestReplayAndHooks: a replay asks the hooks of today, as the user whose write it is; what somebody has decided about a
// conflict is not asked about again, and what beforeWrite adds is written with it.
func TestReplayAndHooks(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.decidedByHook()
		w.hook(p, resolver("kept", `beforeWrite(w, ctx) { throw new Error("broken") }`+`, resolveConflict() { throw 1 }`)...)
		w.want(transactions(crud(entryOf("PUT", "kept", `"name":"first"`, ""))), "fatal_error hook_error 0")
		w.hook(p, resolver("kept", `beforeWrite(w, ctx) { w.data.serial = ctx.user.id; }, resolveConflict(c) { return { name: c.client.name + "!" } }`)...)
		out, err := w.replay(upload.Replay{})
		if err != nil || out[0].Status != source.Replayed || w.row("kept", 1) != "name=first serial=u1" {
			t.Fatalf("%+v, %v: %q", out, err, w.row("kept", 1))
		}
		w.want(transactions(crud(entryOf("PATCH", "kept", `"name":"theirs"`, "")), crud(entryOf("PATCH", "kept", `"name":"mine"`, `"name":"first"`))), "success", "success")
		if got := w.row("kept", 1); got != "name=mine! serial=u1" {
			t.Fatalf("the row is %q", got)
		}
		record := w.recordedConflicts()[0]
		_, err = w.engine.Resolve(t.Context(), upload.Resolve{ID: record.ID, Choice: upload.Choice{Take: upload.TakeClient, Values: map[string]json.RawMessage{"name": []byte(`"edited"`)}}})
		if got := w.row("kept", 1); err != nil || got != "name=edited serial=u1" {
			t.Errorf("resolved to %q, %v", got, err)
		}
	})
}

// TestReconsideredByHook: the policy of today is the hook of today.
func TestReconsideredByHook(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.decidedByHook()
		w.hook(p, resolver("kept", `resolveConflict(c) { return "server" }`)...)
		w.want(transactions(crud(entryOf("PUT", "kept", `"name":"first"`, "")), crud(entryOf("PATCH", "kept", `"name":"theirs"`, "")),
			crud(entryOf("PATCH", "kept", `"name":"mine"`, `"name":"first"`))), "success", "success", "success")
		w.hook(p, resolver("kept", `resolveConflict(c) { return { name: [c.base.name, c.server.name, c.client.name].join() } }`)...)
		_, err := w.engine.Resolve(t.Context(), upload.Resolve{ID: w.recordedConflicts()[0].ID, Choice: upload.Choice{Take: upload.TakePolicy}})
		if got := w.row("kept", 1); err != nil || got != "name=first,theirs,mine" {
			t.Errorf("resolved to %q, %v", got, err)
		}
	})
}
