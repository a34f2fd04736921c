package upload_test

import (
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// TestBeforeTransaction: one call sees the whole transaction before its operations' own hooks, and may refuse it; tables without
// hooks are part of it.
func TestBeforeTransaction(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.engine = w.hooked(p, w.src, withOutbox, append(todos(`beforeWrite(w) { if (w.data) w.data.serial = "s" }`), "hooks/_transaction.ts", `export default {
			beforeTransaction(writes, ctx) {
				if (writes.length > 2) ctx.reject("TOO_MANY", "At most two.");
				if (writes.some((w) => w.data && w.data.name === "loop")) for (;;);
				ctx.enqueue("crm", writes.map((w) => [w.op, w.table, (w.data && w.data.serial) ?? null, w.old && (w.old.title ?? w.old.name)]));
			},
		}`)...)
		put, list := todo("PUT", 1, `"owner_id":"u1","title":"a"`), `{"op":"PUT","table":"lists","id":"{1}","data":{"name":"l"}}`
		w.want(transactions(crud(put, list)), "success")
		w.want(transactions(crud(todo("PATCH", 1, `"title":"b"`), todo("DELETE", 1, ""))), "success")
		w.want(transactions(crud(list)), "success") // it is as it was
		w.want(transactions(crud(put, list, todo("PUT", 2, `"owner_id":"u1"`))), "fatal_error TOO_MANY")
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{2}","data":{"name":"loop"}}`)), "fatal_error hook_timeout")
		w.want(transactions(crud(todo("PUT", 2, `"count":"x"`))), "fatal_error INVALID_DATA 0")
		if got := w.row("todos", 1) + w.row("todos", 2) + w.row("lists", 2); got != "" {
			t.Errorf("left %q", got)
		}
		want := `crm [["PATCH","todos",null,"a"],["DELETE","todos",null,"a"]]` + "\n" + `crm [["PUT","todos",null,null],["PUT","lists",null,null]]` + "\n"
		if got := w.enqueued(); got != want {
			t.Errorf("enqueued\n%swant\n%s", got, want)
		}
	})
}

// TestBeforeTransactionWrites: what it writes by ctx.db is there before the first operation, which may write it once more.
func TestBeforeTransactionWrites(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, "hooks/_transaction.ts", `export default {
			async beforeTransaction(writes, ctx) {
				const todos = ctx.db.collection("todos"), id = writes[0].table === "todos" ? writes[0].old && (writes[0].old._id ?? writes[0].old.id) : null;
				const key = writes[0].old && "_id" in writes[0].old ? "_id" : "id";
				if (id && writes[0].data.serial === "gone") await todos.deleteOne({ [key]: id });
				else if (id) await todos.updateOne({ [key]: id }, { title: "by the hook", count: 7 });
			},
		}`)
		w.want(transactions(crud(todo("PUT", 1, `"owner_id":"u1","title":"a"`))), "success")
		w.want(transactions(crud(todo("PATCH", 1, `"title":"a"`))), "success")
		if got := w.row("todos", 1); got != "count=7 owner_id=u1 title=a" {
			t.Errorf("the row is %q", got)
		}
		w.want(transactions(crud(todo("PATCH", 1, `"serial":"gone"`), todo("PUT", 2, `"owner_id":"u1"`))), "success")
		if got := w.row("todos", 1) + "|" + w.row("todos", 2); got != "|owner_id=u1" {
			t.Errorf("the rows are %q", got)
		}
	})
}

// TestHookLog: what hooks log is told with their transaction, with its place in the source; what a lost attempt logged is not.
func TestHookLog(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		var list []telemetry.Entry
		lossy := &unlucky{Source: w.src}
		w.engine = w.hooked(p, lossy, func(_ *bundle.Bundle, d *upload.Deps) { d.Observe = func(e telemetry.Entry) { list = append(list, e) } }, todos(`beforeWrite(w, ctx) {
			console.log("at", w.id.length > 0, { a: 1 });
			if (w.data.title === "throw") throw new TypeError("no");
			if (w.data.title === "drop") return ctx.drop("unwanted");
			if (w.data.title === "loop") for (;;);
			ctx.log.warn("careful");
			if (w.data.title === "enqueue") ctx.enqueue("nobody", 1);
			if (w.data.title === "column") return { nothing: 1 };
		}, afterWrite() {}`)...)
		for _, c := range []struct {
			title string
			lines []string
			hooks string
		}{
			{"a", []string{"info hooks/todos.ts:3 at true { a: 1 }", "warn hooks/todos.ts:7 careful"}, "todos.beforeWrite kept 1; todos.afterWrite done 1"},
			{"drop", []string{"info hooks/todos.ts:3 at true { a: 1 }", "info beforeWrite of todos dropped operation 0. unwanted"}, "todos.beforeWrite dropped 1"},
			{"throw", []string{"info hooks/todos.ts:3 at true { a: 1 }", "error hooks/todos.ts:4:40: TypeError: no"}, "todos.beforeWrite failed 1"},
			{"enqueue", []string{"info hooks/todos.ts:3 at", "warn hooks/todos.ts:7 careful", "error hooks/todos.ts:2: ctx.enqueue: there is no outbox \"nobody\". Add it under outbox"}, "todos.beforeWrite kept 1"},
			{"column", []string{"info hooks/todos.ts:3 at", "warn hooks/todos.ts:7 careful", "error hooks/todos.ts:2: beforeWrite: "}, "todos.beforeWrite changed 1"},
			{"loop", []string{"error killed hooks/todos.ts:", "error killed hooks/todos.ts:"}, "todos.beforeWrite failed 1"},
		} {
			list, lossy.failures, w.offset = nil, nil, w.offset+10
			if c.title == "a" {
				lossy.failures = append(lossy.failures, 1, 1)
			}
			w.upload(transactions(crud(todo("PUT", 1, `"owner_id":"u1","title":"`+c.title+`"`))))
			var lines []string
			for _, e := range list[:len(list)-1] {
				line := map[telemetry.Level]string{telemetry.Info: "info ", telemetry.Warn: "warn ", telemetry.Error: "error "}[e.Level]
				if e.Outcome == telemetry.Fatal {
					line += "killed "
				}
				lines = append(lines, line+e.Message)
				if e.Kind != telemetry.Hook || e.RequestID != "req_1" || e.UserID != "u1" || e.Deployment != 3 || len(e.Operations) != 1 || e.Operations[0].Table != "todos" {
					t.Errorf("%+v", e)
				}
			}
			if !slices.EqualFunc(lines, c.lines, strings.HasPrefix) {
				t.Errorf("%s: told\n%s\nwant\n%s", c.title, strings.Join(lines, "\n"), strings.Join(c.lines, "\n"))
			}
			var calls []string
			for _, h := range list[len(list)-1].Hooks {
				calls = append(calls, h.Hook+" "+h.Result+" "+string(rune('0'+h.Calls)))
			}
			if strings.Join(calls, "; ") != c.hooks {
				t.Errorf("%s: counted %s", c.title, calls)
			}
		}
	})
}
