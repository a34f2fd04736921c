package engine_test

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
)

// typical is a hook of 60 lines as a customer might write it: checks, derived fields, a history.
const typical = `import { slug } from "../lib/text";

interface Todo {
  title: string; note?: string; status: string; priority: number; tags: string[];
  due?: string; owner_id: string; done: boolean; points: number; slug?: string;
}

const allowed = new Set(["open", "doing", "done", "cancelled"]);
const transitions: Record<string, string[]> = {
  open: ["doing", "done", "cancelled"],
  doing: ["open", "done", "cancelled"],
  done: ["open"],
  cancelled: [],
};

class Limits {
  constructor(readonly title: number, readonly note: number, readonly tags: number) {}
  check(todo: Partial<Todo>): string | null {
    if ((todo.title ?? "").length > this.title) return "title";
    if ((todo.note ?? "").length > this.note) return "note";
    if ((todo.tags ?? []).length > this.tags) return "tags";
    return null;
  }
}
const limits = new Limits(200, 2000, 20);

function points(todo: Partial<Todo>): number {
  let sum = todo.priority ?? 0;
  for (const tag of todo.tags ?? []) sum += tag === "urgent" ? 5 : 1;
  return todo.done ? 0 : Math.max(0, Math.min(100, sum));
}

export default {
  beforeWrite(write: any, ctx: any) {
    const { data, old } = write;
    const next: Partial<Todo> = { ...old, ...data };
    const tooLong = limits.check(next);
    if (tooLong) ctx.reject("TOO_LONG", tooLong + " is too long.", { field: tooLong });
    if (next.status && !allowed.has(next.status)) ctx.reject("BAD_STATUS", "No such status.");
    if (old && data.status && data.status !== old.status && !transitions[old.status].includes(data.status)) {
      ctx.reject("BAD_TRANSITION", "From " + old.status + " to " + data.status + ".");
    }
    if (next.due && Number.isNaN(Date.parse(next.due))) ctx.reject("BAD_DATE", "due is no date.");
    const tags = [...new Set((next.tags ?? []).map((t) => t.trim().toLowerCase()).filter((t) => /^[a-z0-9-]+$/.test(t)))].sort();
    return {
      ...data,
      title: (next.title ?? "").trim().replace(/\s+/g, " "),
      slug: slug(next.title ?? ""),
      tags,
      points: points({ ...next, tags }),
      done: next.status === "done",
      updated_by: ctx.user.id,
    };
  },
};
`

const slugs = `export const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
`

const typicalData = `{"title":"  Buy   milk and bread ","note":"from the shop at the corner","status":"doing","priority":3,"tags":["Home","urgent","shop "],"due":"2026-12-01T10:00:00.000Z","owner_id":"507f1f77bcf86cd799439011","done":false,"points":2,"slug":""}`
const typicalOld = `{"_id":"507f1f77bcf86cd799439012","title":"Buy milk","status":"open","priority":1,"tags":["home"],"owner_id":"507f1f77bcf86cd799439011","done":false,"points":2,"slug":"buy-milk"}`

func typicalCalls(t testing.TB, n int) []hook.Call {
	t.Helper()
	list := make([]hook.Call, n)
	for i := range list {
		c, err := hook.CallBeforeWrite(moment, hook.Write{Op: "PATCH", Table: "todos", ID: "507f1f77bcf86cd799439012", Data: text(typicalData), Old: text(typicalOld)})
		if err != nil {
			t.Fatal(err)
		}
		list[i] = c
	}
	return list
}

// TestTypicalHook: what is measured is right.
func TestTypicalHook(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", typical, "lib/text.ts", slugs)
	o := b.run(true, typicalCalls(t, 1)...).Outcomes[0]
	if o.Result != hook.Changed || !strings.Contains(string(o.Value), `"slug":"-buy-milk-and-bread-"`) && !strings.Contains(string(o.Value), `"slug":"buy-milk-and-bread"`) {
		t.Errorf("%s", said(o))
	}
}

// BenchmarkTypical is one operation of a transaction of 1 and of 100, in process, with the messages as they cross.
func BenchmarkTypical(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(map[int]string{1: "1", 100: "100"}[n], func(b *testing.B) {
			x := newBench(b, "hooks/todos.ts", typical, "lib/text.ts", slugs)
			payload := hook.EncodeRun(&hook.Run{Hash: x.program.Hash, Begin: true, User: x.user, Limits: x.limits, Calls: typicalCalls(b, n)})
			b.ReportAllocs()
			for b.Loop() {
				if kind, answer := hook.Serve(x.engine, hook.KindRun, payload, nil); kind != hook.KindRan || len(answer) < 100 {
					b.Fatalf("%d %s", kind, answer)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/op")
		})
	}
}

// BenchmarkPrepared is a transaction of one operation in a worker that had time to prepare.
func BenchmarkPrepared(b *testing.B) {
	x := newBench(b, "hooks/todos.ts", typical, "lib/text.ts", slugs)
	payload := hook.EncodeRun(&hook.Run{Hash: x.program.Hash, Begin: true, User: x.user, Limits: x.limits, Calls: typicalCalls(b, 1)})
	var spent time.Duration
	for b.Loop() {
		x.engine.Idle()
		began := time.Now()
		if kind, _ := hook.Serve(x.engine, hook.KindRun, payload, nil); kind != hook.KindRan {
			b.Fatal(kind)
		}
		spent += time.Since(began)
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "us/op")
}

// BenchmarkBundle is a deployment's: esbuild, traps, shapes.
func BenchmarkBundle(b *testing.B) {
	e := engine.New(time.Now)
	in := hook.Bundle{Files: files("hooks/todos.ts", typical, "lib/text.ts", slugs)}
	for b.Loop() {
		if out := e.Bundle(in); out.Program == nil {
			b.Fatal(out.Diagnostics)
		}
	}
}

// BenchmarkLoad is what a worker pays before its first call of a program.
func BenchmarkLoad(b *testing.B) {
	x := newBench(b, "hooks/todos.ts", typical, "lib/text.ts", slugs)
	for b.Loop() {
		if l := engine.New(time.Now).Load(hook.Load{Program: *x.program}); l.Failure != nil {
			b.Fatal(l.Failure)
		}
	}
}
