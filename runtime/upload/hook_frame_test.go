package upload_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// todo is an entry on todos/n.
func todo(op string, n int, data string) string {
	if op == "DELETE" {
		return fmt.Sprintf(`{"op":"DELETE","table":"todos","id":"{%d}"}`, n)
	}
	return fmt.Sprintf(`{"op":%q,"table":"todos","id":"{%d}","data":{%s}}`, op, n, data)
}

// TestFrames: operations on distinct rows are asked in one request, and an operation on a row that an earlier one
// wrote sees what that has made of it.
func TestFrames(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`beforeWrite(w) { w.data.title = (w.old ? w.old.title : "") + w.data.title }, afterWrite() {}`)...)
		own := func(n int, title string) string { return todo("PUT", n, `"owner_id":"u1","title":"`+title+`"`) }
		for _, c := range []struct {
			name            string
			ops             []string
			calls, requests int
		}{
			{"distinct rows", []string{own(1, "a"), own(2, "b"), own(3, "c")}, 3, 1},
			{"a row twice", []string{own(1, "d"), own(2, "e"), own(1, "f")}, 3, 2},
			{"the same row all the time", []string{own(3, "g"), own(3, "h"), own(3, "i")}, 3, 3},
			{"tables without hooks in between", []string{`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"x"}}`, own(4, "a"), `{"op":"PUT","table":"lists","id":"{2}","data":{"name":"x"}}`, own(5, "b")}, 2, 1},
		} {
			p.calls("")
			w.want(transactions(crud(c.ops...)), "success")
			if calls, requests := p.calls(hook.BeforeWrite); calls != c.calls || requests != c.requests {
				t.Errorf("%s: %d calls in %d requests", c.name, calls, requests)
			}
		}
		if got := w.row("todos", 1) + "|" + w.row("todos", 3); got != "owner_id=u1 title=adf|owner_id=u1 title=cghi" {
			t.Error(got)
		}
	})
}

// TestLargeFrames: more operations than one request takes, and more bytes.
func TestLargeFrames(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`beforeWrite(w) { w.data.serial = "s" }`)...)
		ops := func(n int, title string) string {
			var list []string
			for i := range n {
				w.offset += i
				list = append(list, w.expand(todo("PUT", 1, `"owner_id":"u1","title":"`+title+`"`)))
				w.offset -= i
			}
			return transactions(crud(list...))
		}
		w.want(ops(250, "x"), "success")
		if calls, requests := p.calls(hook.BeforeWrite); calls != 250 || requests != 3 {
			t.Errorf("%d calls in %d requests", calls, requests)
		}
		w.offset += 1000
		w.want(ops(5, strings.Repeat("x", 300<<10)), "success")
		if calls, requests := p.calls(hook.BeforeWrite); calls != 5 || requests != 2 {
			t.Errorf("%d large calls in %d requests", calls, requests)
		}
	})
}

// TestAHookThatUsesTheDatabaseRunsAlone: the first transaction finds out, the next ones know.
func TestAHookThatUsesTheDatabaseRunsAlone(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`async afterWrite(w, ctx) { if (w.new.title === "count") try { await ctx.db.collection("todos").count() } catch {} }`)...)
		body := func(title string) string {
			var list []string
			for n := 1; n < 4; n++ {
				list = append(list, todo("PUT", n, `"owner_id":"u1","title":"`+title+`"`))
			}
			return transactions(crud(list...))
		}
		for _, c := range []struct {
			title           string
			calls, requests int
		}{{"a", 3, 1}, {"count", 3 + 3, 1 + 3}, {"b", 3, 3}} {
			w.want(body(c.title), "success")
			if calls, requests := p.calls(hook.AfterWrite); calls != c.calls || requests != c.requests {
				t.Errorf("%s: %d calls in %d requests", c.title, calls, requests)
			}
			if got := w.row("todos", 3); got != "owner_id=u1 title="+c.title {
				t.Errorf("the row is %q", got)
			}
		}
	})
}

// whims is a hook whose answers depend on what it is given and on nothing else.
const whims = `
	beforeWrite(w, ctx) {
		const t = w.data && w.data.title;
		if (t === "drop") { ctx.enqueue("crm", { dropped: w.id }); return ctx.drop() }
		if (t === "refuse") ctx.reject("REFUSED");
		if (t === "twice" && w.old) ctx.reject("TWICE");
		if (w.op === "DELETE" && w.old.title === "stays") return ctx.drop();
		if (t) { ctx.enqueue("crm", { before: t, old: w.old && w.old.title }); w.data.title = t.trim(); w.data.serial = (w.old && w.old.serial) || "s" }
	},
	afterWrite(c, ctx) {
		if (c.new && c.new.count === 13) ctx.reject("THIRTEEN");
		ctx.enqueue("crm", { after: c.fields, old: c.old && c.old.title, new: c.new && c.new.title });
	},`

// TestFramesAndOneByOneAreAlike: random transactions end in the same answers, rows and deliveries, whether their hooks are
// asked in frames or one operation at a time.
func TestFramesAndOneByOneAreAlike(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	outbox := func(b *bundle.Bundle, _ *upload.Deps) { b.Config.Outbox = map[string]bundle.Outbox{"crm": {}} }
	frames, strict := postgresWorld(t, ""), postgresWorld(t, "")
	frames.engine = frames.hooked(p, frames.src, outbox, todos(whims)...)
	alone := todos(strings.Replace(whims, "afterWrite(c, ctx) {", "async afterWrite(c, ctx) { try { await ctx.db.collection('todos').count() } catch {}", 1))
	strict.engine = strict.hooked(p, strict.src, outbox, alone...)
	strict.want(transactions(crud(todo("PUT", 9, `"owner_id":"u1","title":"x"`))), "success") // it knows from now on
	frames.want(transactions(crud(todo("PUT", 9, `"owner_id":"u1","title":"x"`))), "success")
	r := rand.New(rand.NewPCG(4, 4))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	for step := range 120 {
		var ops []string
		for range 1 + r.IntN(6) {
			n := r.IntN(5)
			switch one("PUT", "PUT", "PATCH", "PATCH", "PATCH", "DELETE") {
			case "PUT":
				ops = append(ops, todo("PUT", n, `"owner_id":"u1","title":"`+one("a", " b ", "twice", "stays", "drop")+`"`))
			case "PATCH":
				ops = append(ops, todo("PATCH", n, one(`"title":"c"`, `"title":" d "`, `"title":"refuse"`, `"count":13`, `"count":4`, `"owner_id":"u2"`, `"title":"drop"`, `"nonsense":1`, `"serial":"t"`)))
			default:
				ops = append(ops, todo("DELETE", n, ""))
			}
		}
		body := transactions(crud(ops...))
		_, got := frames.send(frames.engine, http.MethodPost, body)
		_, want := strict.send(strict.engine, http.MethodPost, body)
		if got != want {
			t.Fatalf("step %d: %s\nin frames   %s\none by one  %s", step, body, got, want)
		}
		if got, want := frames.all(5)+frames.enqueued(), strict.all(5)+strict.enqueued(); got != want {
			t.Fatalf("step %d: %s\nin frames\n%s\none by one\n%s", step, body, got, want)
		}
	}
	if n := strings.Count(frames.enqueued(), "\n"); n < 50 {
		t.Errorf("only %d deliveries", n)
	}
}

// enqueued are the payloads of all deliveries.
func (w *world) enqueued() string {
	w.t.Helper()
	lines := []string{} // those of one instant are in no order
	for _, d := range w.deliveries() {
		lines = append(lines, d.Lane+" "+string(d.Payload)+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// deliveries are all of them, oldest first.
func (w *world) deliveries() (out []source.Delivery) {
	w.t.Helper()
	for after := ""; ; {
		page, err := w.src.Deliveries(w.t.Context(), source.DeliveryFilter{Limit: 1000, After: after})
		if err != nil {
			w.t.Fatal(err)
		}
		if len(page) == 0 {
			return out
		}
		after = page[len(page)-1].ID
		for _, d := range page {
			full, err := w.src.Delivery(w.t.Context(), d.ID)
			if err != nil {
				w.t.Fatal(err)
			}
			out = append([]source.Delivery{*full}, out...)
		}
	}
}
