package upload_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// beginning counts the transactions that were begun beside the shortcut.
type beginning struct {
	countedSource
	begun *int
}

func (b beginning) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	*b.begun++
	return b.countedSource.Begin(ctx, as)
}

func newBeginning(w *world) beginning {
	return beginning{countedSource{w.src, map[source.ChangeKind]int{}}, new(int)}
}

// TestHooksOfNewRowsNeedNoReading: a row that is new is written in one command with its hooks asked once; whatever
// else is the case, hooks see what they always see, and what they said before counts for nothing.
func TestHooksOfNewRowsNeedNoReading(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	const title = `beforeWrite(w, ctx) {
		console.log("asked", w.op, w.old?.title ?? null);
		if (w.data?.title === "mail") ctx.enqueue("crm", 1);
		if (w.data?.title === "no") ctx.reject("NO", "no");
		if (w.data?.title === "none") return ctx.drop("none");
		if (w.data?.title === "count") return ctx.db.collection("todos").count().then((n) => ({ ...w.data, count: n }));
		return { ...w.data, count: w.old ? 20 : 10 };
	}, afterWrite(c, ctx) { console.log("told", c.new.count) }`
	put := func(op, id int, title string) string {
		return fmt.Sprintf(`{"op_id":%d,"op":"PUT","table":"todos","id":"{%d}","data":{"owner_id":"u1","title":%q}}`, op, id, title)
	}
	for name, c := range map[string]struct {
		before, upload []string
		want           string
		shortcut       int
		lines          string
		row            string
	}{
		"a new row":               {nil, []string{put(9, 1, "a")}, "success", 1, "asked PUT null; told 10", "count=10 owner_id=u1 title=a"},
		"several":                 {nil, []string{put(9, 1, "a"), put(10, 2, "b")}, "success", 1, "asked PUT null; asked PUT null; told 10; told 10", "count=10 owner_id=u1 title=a"},
		"a row that is there":     {[]string{put(8, 1, "was")}, []string{put(9, 1, "a")}, "success", 0, "asked PUT was; told 20", "count=20 owner_id=u1 title=a"},
		"something is to be sent": {nil, []string{put(9, 1, "mail")}, "success", 0, "asked PUT null; told 10", "count=10 owner_id=u1 title=mail"},
		"one is dropped":          {nil, []string{put(9, 1, "a"), put(10, 2, "none")}, "success", 0, "asked PUT null; asked PUT null; hook_dropped; told 10", "count=10 owner_id=u1 title=a"},
		"refused":                 {nil, []string{put(9, 1, "no")}, "fatal_error NO 0", 0, "asked PUT null", ""},
		"the database is asked":   {nil, []string{put(9, 1, "count")}, "success", 0, "asked PUT null; told 1", "count=1 owner_id=u1 title=count"},
	} {
		t.Run(name, func(t *testing.T) {
			w := postgresWorld(t, "")
			src := newBeginning(w)
			var lines []string
			e := w.hooked(p, src, func(b *bundle.Bundle, d *upload.Deps) {
				b.Config.Outbox = map[string]bundle.Outbox{"crm": {URL: "https://crm.example"}}
				d.Observe = func(e telemetry.Entry) {
					if e.Kind == telemetry.Hook {
						_, text, _ := strings.Cut(e.Message, " ")
						if e.Code != "" {
							text = e.Code
						}
						lines = append(lines, text)
					}
				}
			}, todos(title)...)
			w.engine = e
			w.want(from("c1", crud(put(1, 9, "first"))), "success") // now it is known where the receipts stand
			if len(c.before) > 0 {
				w.want(from("c1", crud(c.before...)), "success")
			}
			*src.begun, src.done[source.Insert], lines = 0, 0, nil
			p.calls(hook.BeforeWrite)
			w.want(from("c1", crud(c.upload...)), c.want)
			if got := strings.Join(lines, "; "); got != c.lines {
				t.Errorf("the log says %s, want %s", got, c.lines)
			}
			if got := w.row("todos", 1); got != c.row {
				t.Errorf("the row is %q, want %q", got, c.row)
			}
			if src.done[source.Insert] != c.shortcut || c.shortcut > 0 && *src.begun > 0 {
				t.Errorf("%d by the shortcut, %d transactions", src.done[source.Insert], *src.begun)
			}
			if calls, requests := p.calls(hook.BeforeWrite); c.shortcut > 0 && (requests != 1 || calls != len(c.upload)) {
				t.Errorf("%d calls in %d requests", calls, requests)
			}
			w.want(from("c1", crud(c.upload...)), c.want) // the answer was lost
		})
	}
}

// TestShortcutsOfHooksChangeNothing: random uploads to an instance with hooks that writes without reading where it can, and to one that
// reads everything, give the same answers, logs and rows.
func TestShortcutsOfHooksChangeNothing(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	const code = `beforeWrite(w, ctx) {
		console.log(w.op, JSON.stringify(w.old), JSON.stringify(w.data));
		if (w.data === null) return;
		if (w.data.title === "b") return ctx.drop("b");
		if (w.data.count === 5) ctx.reject("FIVE", "no five");
		if (typeof w.data.title === "string") w.data.serial = w.data.title + (w.old?.count ?? "");
	}, afterWrite(c) { console.log(c.op, JSON.stringify(c.old), JSON.stringify(c.new), c.fields.join()) }`
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			fast, plain := postgresWorld(t, ""), postgresWorld(t, "")
			counted := countedSource{fast.src, map[source.ChangeKind]int{}}
			r := rand.New(rand.NewPCG(seed, 2))
			random := program{Rand: r, next: map[string]int{}}
			var said, wanted []string
			listen := func(to *[]string) func(*bundle.Bundle, *upload.Deps) {
				return func(_ *bundle.Bundle, d *upload.Deps) {
					d.Observe = func(e telemetry.Entry) {
						if e.Kind == telemetry.Hook {
							*to = append(*to, e.Message)
						}
					}
				}
			}
			engines := []*upload.Engine{fast.hooked(p, counted, listen(&said), todos(code)...), fast.hooked(p, counted, listen(&said), todos(code)...)}
			slow := plain.hooked(p, plainSource{plain.src}, listen(&wanted), todos(code)...)
			for step := range 200 {
				body := random.upload()
				said, wanted = nil, nil
				_, got := fast.send(engines[r.IntN(2)], http.MethodPost, body)
				_, want := plain.send(slow, http.MethodPost, body)
				if got != want {
					t.Fatalf("step %d: %s\nanswers with    %s\nanswers without %s", step, body, got, want)
				}
				if got, want := strings.Join(said, "\n"), strings.Join(wanted, "\n"); got != want {
					t.Fatalf("step %d: %s\nlogs with\n%s\nlogs without\n%s", step, body, got, want)
				}
				if got, want := fast.all(5), plain.all(5); got != want {
					t.Fatalf("step %d: %s\nrows with    %s\nrows without %s", step, body, got, want)
				}
				if strings.Contains(got, "rejection_id") { // while one waits, nothing is written without reading
					for _, w := range []*world{fast, plain} {
						w.sql("DELETE FROM turnkey.turnkey_rejections")
					}
				}
			}
			if counted.done[source.Insert] < 2 {
				t.Errorf("the shortcut was hardly used: %v", counted.done)
			}
		})
	}
}

// TestWhatWorkersAreTold: that a hook of a single new row will be called in a moment, before it is decided, and to make ready for
// the next one when the database has answered.
func TestWhatWorkersAreTold(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	w := postgresWorld(t, "")
	var told []string
	p.session = func(s upload.HookSession) upload.HookSession { return &askedSession{s, &told} }
	src := writing{countedSource{w.src, map[source.ChangeKind]int{}}, &told}
	w.engine = w.hooked(p, src, func(_ *bundle.Bundle, d *upload.Deps) {
		d.Expect = func(_ context.Context, instance string) {
			told = append(told, "expect")
			p.Expect(instance)
		}
		d.Prepare = func(instance string) {
			told = append(told, "prepare")
			p.Prepare(instance)
		}
	}, todos(`beforeWrite(w) { return { ...w.data, count: 1 }; }`)...)
	for _, c := range []struct{ name, form, want string }{
		{"the first of a device is read", `{"op_id":1,"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"a"}}`, "expect, ask, prepare"},
		{"a new row", `{"op_id":2,"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","title":"a"}}`, "expect, ask, write, prepare, prepare"},
		{"a row that is there", `{"op_id":3,"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","title":"b"}}`, "expect, ask, write, prepare, ask, prepare"},
		{"a change", `{"op_id":4,"op":"PATCH","table":"todos","id":"{2}","data":{"title":"c"}}`, "ask, prepare"},
		{"a row after one that was there", `{"op_id":5,"op":"PUT","table":"todos","id":"{4}","data":{"owner_id":"u1","title":"a"}}`, "ask, prepare"},
	} {
		told = nil
		w.want(from("c1", crud(c.form)), "success")
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	told = nil
	w.want(from("c1", crud(
		`{"op_id":6,"op":"PUT","table":"todos","id":"{5}","data":{"owner_id":"u1","title":"a"}}`,
		`{"op_id":7,"op":"PUT","table":"todos","id":"{6}","data":{"owner_id":"u1","title":"a"}}`)), "success")
	if strings.Contains(strings.Join(told, ", "), "expect") {
		t.Errorf("several take longer to ask than a worker stays awake: %v", told)
	}
	one := func(op, id int) string {
		return crud(fmt.Sprintf(`{"op_id":%d,"op":"PUT","table":"todos","id":"{%d}","data":{"owner_id":"u1","title":"a"}}`, op, id))
	}
	told = nil
	w.want(from("c1", one(8, 8), one(9, 9)), "success", "success")
	if got, want := strings.Join(told, ", "), "expect, ask, write, prepare, expect, ask, write, prepare, prepare"; got != want {
		t.Errorf("two transactions: %s, want %s", got, want)
	}
}

type askedSession struct {
	upload.HookSession
	told *[]string
}

func (s *askedSession) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	*s.told = append(*s.told, "ask")
	return s.HookSession.Do(ctx, run, host)
}

// writing notes when the guarded command has been answered.
type writing struct {
	countedSource
	told *[]string
}

func (w writing) Write(ctx context.Context, as source.Session, changes []source.Change, receipts []source.Receipt, numbered bool) (bool, error) {
	done, err := w.countedSource.Write(ctx, as, changes, receipts, numbered)
	*w.told = append(*w.told, "write")
	return done, err
}
