package engine_test

import (
	"errors"
	"strings"
	"testing"

	"turnkey/runtime/hook"
)

func calls(t *testing.T, n int, at func(i int) hook.Moment) []hook.Call {
	t.Helper()
	list := make([]hook.Call, n)
	for i := range list {
		c, err := hook.CallBeforeWrite(at(i), todo(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		list[i] = c
	}
	return list
}

func same(int) hook.Moment { return moment }

// TestGlobalState: shared by all calls of a transaction, in one message or several; gone in the next.
func TestGlobalState(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `
		import { count } from "../lib/count";
		export default { beforeWrite() { return { n: count() }; } };`,
		"hooks/lists.ts", `
		import { count } from "../lib/count";
		export default { beforeWrite() { return { n: count() }; } };`,
		"lib/count.ts", `let n = 0; export const count = () => ++n;`)
	want := func(ran hook.Ran, values ...string) {
		t.Helper()
		for i, v := range values {
			if got := string(ran.Outcomes[i].Value); got != v {
				t.Errorf("call %d: %s, want %s", i, got, v)
			}
		}
	}
	list := calls(t, 2, same)
	want(b.run(true, list...), `{"n":1}`, `{"n":2}`)
	other := list[0]
	other.Name = "lists"
	want(b.run(false, other, list[0]), `{"n":3}`, `{"n":4}`)
	want(b.run(true, list...), `{"n":1}`, `{"n":2}`)
}

// TestPollution: what one transaction does to built-ins and globals, the next does not see.
func TestPollution(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `
		export default { beforeWrite(write: any) {
			const seen = [ (globalThis as any).leak ?? null, ({} as any).leak ?? null, [1].map((x) => x)[0], JSON.stringify(1), Math.max(1, 2), "a".toUpperCase(), typeof console.log ];
			(globalThis as any).leak = "leak";
			(Object.prototype as any).leak = "leak";
			(Array.prototype as any).map = () => ["bad"];
			JSON.stringify = () => "bad";
			JSON.parse = () => ({ bad: true });
			Math.max = () => -1;
			String.prototype.toUpperCase = () => "bad";
			(Promise.prototype as any).then = () => { throw new Error("bad"); };
			(Object as any).keys = () => ["bad"];
			(Array as any).isArray = () => true;
			(globalThis as any).console = { log: 7 };
			return { seen };
		} };`)
	for i := range 3 {
		if o := b.write(`{}`); string(o.Value) != `{"seen":[null,null,1,"1",2,"A","function"]}` {
			t.Errorf("transaction %d: %s %s", i, o.Result, said(o))
		}
	}
}

// TestFirstFailureEnds: nobody would use what comes after.
func TestFirstFailureEnds(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `let n = 0; export default { beforeWrite(_: any, ctx: any) { if (++n === 2) ctx.reject("NO"); } };`)
	ran := b.run(true, calls(t, 3, same)...)
	if len(ran.Outcomes) != 2 || ran.Outcomes[1].Result != hook.Rejected || ran.Retire {
		t.Errorf("%+v", ran)
	}
}

// TestInterrupted: code that does not end is stopped at the limit, at its line, and the worker retires.
func TestInterrupted(t *testing.T) {
	for name, code := range map[string]string{
		"loop":                 "while (true) {}",
		"loop in a catch":      "while (true) { try { throw 1 } catch { continue } }",
		"loop in finally":      "try { throw 1 } finally { while (true) {} }",
		"async loop":           "return (async () => { while (true) await null })()",
		"promise chain":        "const f = (): any => Promise.resolve().then(f); return f()",
		"getter of the result": "return { get a() { while (true) {} } }",
		"toJSON":               "return { a: { toJSON() { while (true) {} } } }",
		"thrown toString":      "throw { get message() { while (true) {} }, get name() { while (true) {} } }",
		"stack of an error":    "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { while (true) {} } }); throw e",
		"message of an error":  "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { while (true) {} } }); throw e",
		"thenable":             "return { then() { while (true) {} } }",
		"proxy":                "return new Proxy({}, { ownKeys() { while (true) {} } })",
		"log":                  "console.log({ get a() { while (true) {} } })",
		"interval":             "setInterval(() => {}, 1); return new Promise(() => {})",
		"timer after the end":  "return new Promise((ok) => setTimeout(ok, 60000))",
		"microtasks":           "const f = () => queueMicrotask(f); f()",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", code))
			b.limits.TimeMS = 80
			c := calls(t, 1, same)
			ran := b.run(true, c...)
			f := failure(t, ran.Outcomes[0], hook.ClassTimeout, "beforeWrite took longer than 80 ms.")
			if !ran.Retire || f.File != "hooks/todos.ts" {
				t.Errorf("retire %v, file %s", ran.Retire, f.File)
			}
			if ran := b.run(false, c...); ran.Outcomes[0].Failure.Class != hook.ClassAborted {
				t.Errorf("the session lives on: %+v", ran)
			}
			if ran := b.run(true, c...); ran.Outcomes[0].Failure.Class != hook.ClassTimeout {
				t.Errorf("the next transaction: %+v", ran)
			}
		})
	}
}

// TestTimeIsShared: the limit is for all calls of one message.
func TestTimeIsShared(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", "return new Promise((ok) => setTimeout(ok, 30))"))
	b.limits.TimeMS = 80
	most := 0
	for range 10 { // a machine that stands still for a moment lets the first call have all of it
		ran := b.run(true, calls(t, 10, same)...)
		n := len(ran.Outcomes)
		if n > 3 || ran.Outcomes[n-1].Failure == nil || ran.Outcomes[n-1].Failure.Class != hook.ClassTimeout {
			t.Fatalf("%+v", ran.Outcomes)
		}
		if most = max(most, n); most >= 2 {
			return
		}
	}
	t.Error("no second call")
}

// TestClockAndRandomness: fixed for the operation; the same seed gives the same values.
func TestClockAndRandomness(t *testing.T) {
	code := `
		const born = Date.now(), first = Math.random();
		export default { beforeWrite(_: any, ctx: any) {
			const bytes = Array.from(crypto.getRandomValues(new Uint8Array(4)));
			return { now: Date.now(), date: new Date().toISOString(), ctx: ctx.now.toISOString(), text: typeof Date(), born, first,
				r: [Math.random(), ctx.random()], uuid: [ctx.uuid(), crypto.randomUUID()], bytes };
		} };`
	b := newBench(t, "hooks/todos.ts", code)
	at := func(i int) hook.Moment {
		return hook.Moment{NowMS: 1790000000123 + int64(i), Seed: "seed" + string(rune('0'+i))}
	}
	first := b.run(true, calls(t, 2, at)...)
	again := b.run(true, calls(t, 2, at)...)
	for i := range first.Outcomes {
		if string(first.Outcomes[i].Value) != string(again.Outcomes[i].Value) {
			t.Errorf("call %d differs:\n%s\n%s", i, first.Outcomes[i].Value, again.Outcomes[i].Value)
		}
	}
	if !strings.Contains(string(first.Outcomes[1].Value), `"now":1790000000124,"date":"2026-09-21T14:13:20.124Z","ctx":"2026-09-21T14:13:20.124Z","text":"string","born":1790000000123`) {
		t.Errorf("the clock: %s", first.Outcomes[1].Value)
	}
	_, one, _ := strings.Cut(string(first.Outcomes[0].Value), `"r":`)
	_, two, _ := strings.Cut(string(first.Outcomes[1].Value), `"r":`)
	if one == two || one == "" {
		t.Errorf("two seeds, the same values: %s", one)
	}
}

// TestDatabase: requests as the host gets them, answers and errors as the code gets them.
func TestDatabase(t *testing.T) {
	for _, c := range []struct{ name, code, request, says string }{
		{"findOne", `return db.findOne({owner_id: "u1"}, {fields: ["a"]})`, `{"method":"findOne","table":"todos","filter":{"owner_id":"u1"},"fields":["a"]}`, `{"got":1}`},
		{"find", `return {l: await db.find({n: {$gt: 3, $in: [1]}}, {sort: {a: 1, b: -1}, limit: 5, skip: 1})}`, `{"method":"find","table":"todos","filter":{"n":{"$gt":3,"$in":[1]}},"sort":[{"field":"a"},{"field":"b","descending":true}],"limit":5,"skip":1}`, `{"l":{"got":1}}`},
		{"find everything", `return db.find()`, `{"method":"find","table":"todos","filter":{}}`, `{"got":1}`},
		{"count", `return db.count({})`, `{"method":"count","table":"todos","filter":{}}`, `{"got":1}`},
		{"insertOne", `return db.insertOne({_id: "2", at: new Date(0)})`, `{"method":"insertOne","table":"todos","document":{"_id":"2","at":"1970-01-01T00:00:00.000Z"}}`, `{"got":1}`},
		{"updateOne", `return db.updateOne({_id: "2"}, {n: 3})`, `{"method":"updateOne","table":"todos","filter":{"_id":"2"},"set":{"n":3}}`, `{"got":1}`},
		{"updateOne $set", `return db.updateOne({_id: "2"}, {$set: {n: 3}})`, `{"method":"updateOne","table":"todos","filter":{"_id":"2"},"set":{"n":3}}`, `{"got":1}`},
		{"deleteOne", `return db.deleteOne({_id: "2"})`, `{"method":"deleteOne","table":"todos","filter":{"_id":"2"}}`, `{"got":1}`},
		{"a filter that lost its member", `return db.deleteOne({_id: arg.data.nothing})`, "", "TypeError: deleteOne(filter): _id is undefined"},
		{"an operator that lost its value", `return db.find({n: {$gt: undefined}})`, "", "TypeError: find(filter): n.$gt is undefined"},
		{"no filter", `return db.deleteOne()`, "", "TypeError: deleteOne(filter): filter must be an object"},
		{"unknown operator", `return db.find({n: {$where: "x"}})`, "", "find(filter): n.$where is not supported"},
		{"operator at the top", `return db.find({$or: []})`, "", "find(filter): $or is not supported"},
		{"unknown update", `return db.updateOne({}, {$inc: {n: 1}})`, "", "updateOne(filter, changes): $inc is not supported"},
		{"unknown option", `return db.find({}, {batchSize: 1})`, "", "options.batchSize is not known"},
		{"nonsense in a document", `return db.insertOne({a: [() => 1]})`, "", "TypeError: document.a[0] is a function"},
		{"no name", `return ctx.db.collection().find()`, "", "ctx.db.collection(name)"},
		{"too large", `return db.insertOne({a: "x".repeat(70000)})`, "", "HostError: ctx.db sends at most 64 kB. (too_large)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, "hooks/todos.ts", "export default { async beforeWrite(arg: any, ctx: any) { const db = ctx.db.collection(\"todos\"); "+c.code+" } };")
			var seen string
			b.host = func(h hook.HostCall) (hook.HostResult, error) {
				payload, err := hook.Encode(h.DB)
				if err != nil {
					t.Fatal(err)
				}
				seen = string(payload)
				return hook.HostResult{Value: text(`{"got":1}`)}, nil
			}
			o := b.write(`{}`)
			if seen != c.request || !says(o, c.says) {
				t.Errorf("asked %s, ended %s", seen, said(o))
			}
		})
	}
}

// TestHostErrors can be caught by the code, with their code; calls are counted and bounded.
func TestHostErrors(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `export default { async beforeWrite(_: any, ctx: any) {
		const db = ctx.db.table("todos"), seen: string[] = [];
		for (let i = 0; i < 60; i++) { try { await db.count() } catch (e: any) { seen.push(e.code + ": " + e.message) } }
		return { n: seen.length, first: seen[0], last: seen[59] };
	} };`)
	n := 0
	b.host = func(hook.HostCall) (hook.HostResult, error) {
		n++
		return hook.HostResult{Error: &hook.HostError{Code: "no_table", Message: "There is no such table."}}, nil
	}
	o := b.write(`{}`)
	if want := `{"n":60,"first":"no_table: There is no such table.","last":"too_many_calls: One hook may make at most 50 database calls."}`; string(o.Value) != want || n != 50 || o.Usage.DBCalls != 50 {
		t.Errorf("%s, %d calls", said(o), n)
	}
}

// TestAborted: a transaction that is lost, or a broken pipe, ends the run; code cannot catch it.
func TestAborted(t *testing.T) {
	for name, host := range map[string]hook.Host{
		"abort": func(hook.HostCall) (hook.HostResult, error) { return hook.HostResult{Abort: true}, nil },
		"pipe":  func(hook.HostCall) (hook.HostResult, error) { return hook.HostResult{}, errors.New("broken pipe") },
	} {
		b := newBench(t, "hooks/todos.ts", `export default { async beforeWrite(_: any, ctx: any) { try { await ctx.db.table("todos").count() } catch { return { survived: true } } } };`)
		b.host = host
		ran := b.run(true, calls(t, 1, same)...)
		failure(t, ran.Outcomes[0], hook.ClassAborted, "given up")
		if !ran.Retire {
			t.Errorf("%s: the session may go on", name)
		}
	}
}

// TestHostTimeIsNotCounted: a slow database is not the hook's fault.
func TestHostTimeIsNotCounted(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `export default { async beforeWrite(_: any, ctx: any) { for (let i = 0; i < 3; i++) await ctx.db.table("todos").count(); } };`)
	b.limits.TimeMS = 150
	b.host = func(hook.HostCall) (hook.HostResult, error) {
		wait(60)
		return hook.HostResult{Value: text("1")}, nil
	}
	o := b.write(`{}`)
	for try := 0; o.Result != hook.Kept && try < 10; try++ { // a machine that stands still takes the hook's own time, too
		o = b.write(`{}`)
	}
	if o.Result != hook.Kept || o.Usage.HostUS < 180_000 {
		t.Errorf("%s %s, %d us", o.Result, said(o), o.Usage.HostUS)
	}
}

// TestEffects are collected; a call that does not succeed has none.
func TestEffects(t *testing.T) {
	o := body(t, `ctx.enqueue("crm", {id: 1}); ctx.enqueue("crm", "x"); return`)
	if len(o.Effects) != 2 || o.Effects[0].Outbox != "crm" || string(o.Effects[0].Payload) != `{"id":1}` {
		t.Errorf("%+v", o.Effects)
	}
	for _, code := range []string{`ctx.enqueue("crm", 1); ctx.reject("NO")`, `ctx.enqueue("crm", 1); throw 1`, `ctx.enqueue("crm", 1); return 7`} {
		if o := body(t, code); len(o.Effects) != 0 || o.Succeeded() {
			t.Errorf("%s: %+v", code, o)
		}
	}
	for code, want := range map[string]string{
		`ctx.enqueue("crm")`: "there is no payload", `ctx.enqueue(7, 1)`: "must be the name of an outbox", `ctx.enqueue("crm", {f() {}})`: "payload.f is a function",
		`ctx.enqueue("crm", "x".repeat(70000))`: "at most 64 kB", `for (let i = 0; i < 101; i++) ctx.enqueue("crm", i)`: "at most 100 messages",
	} {
		failure(t, body(t, code), hook.ClassError, want)
	}
}

// TestContext: what ctx and the argument hold.
func TestContext(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `export default { beforeWrite(w: any, ctx: any) {
		const { user, env, log, reject, db } = ctx;
		let frozen = 0;
		for (const change of [() => { user.id = "x" }, () => { user.claims.role = "x" }, () => { env.KEY = "x" }, () => { db.collection = 1 }]) { try { change() } catch { frozen++ } }
		return { user, env, frozen, w, log: typeof log, reject: typeof reject, id: ctx.deliveryId === undefined };
	} };`)
	b.env = map[string]string{"KEY": "secret"}
	w := todo(`{"a":1}`)
	w.PreviousValues, w.Metadata, w.Old = text(`{"a":0}`), text(`"m"`), text(`{"a":2}`)
	want := `{"user":{"id":"u1","claims":{"role":"admin"},"provider":"test"},"env":{"KEY":"secret"},"frozen":4,` +
		`"w":{"op":"PUT","table":"todos","id":"1","data":{"a":1},"previousValues":{"a":0},"metadata":"m","old":{"a":2}},"log":"function","reject":"function","id":true}`
	if o := b.one(hook.CallBeforeWrite(moment, w)); string(o.Value) != want {
		t.Errorf("%s\nwant %s", said(o), want)
	}
}

// TestAnswerIsBounded: all calls of a message share one answer.
func TestAnswerIsBounded(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", `for (let i = 0; i < 100; i++) console.log("x".repeat(4000)); return {s: "x".repeat(900000)}`))
	ran := b.run(true, calls(t, 10, same)...)
	last := ran.Outcomes[len(ran.Outcomes)-1]
	failure(t, last, hook.ClassInvalidResult, "more than 8 MB together")
	if len(ran.Outcomes) != 10 || len(last.Logs) != 0 || last.LogsDropped != 100 || ran.Outcomes[1].LogsDropped == 0 {
		t.Errorf("%d outcomes, the last with %d lines, %d dropped", len(ran.Outcomes), len(last.Logs), last.LogsDropped)
	}
}

// TestBrokenArgument is our defect, and no crash.
func TestBrokenArgument(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", "return"))
	c := calls(t, 1, same)
	c[0].Argument = text(`{"op":`)
	run := hook.Run{Hash: b.program.Hash, Begin: true, Limits: b.limits, Calls: c}
	failure(t, b.engine.Run(run, nil).Outcomes[0], hook.ClassError, "The engine failed.")
}

// TestNotLoaded: a program that is not there makes the runtime begin again, not reject.
func TestNotLoaded(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", "return"))
	b.program.Hash = "other"
	failure(t, b.run(true, calls(t, 1, same)...).Outcomes[0], hook.ClassAborted, "not loaded")
	if l := b.engine.Load(hook.Load{Program: *b.program}); l.Failure == nil {
		t.Error("a program whose hash is another's was taken")
	}
}

// TestIdle: a state made ahead is as fresh as one made when it is asked for, and used once.
func TestIdle(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `let n = 0; export default { beforeWrite() { (Array.prototype as any).leak = (globalThis as any).leak = 1; return { n: ++n, keys: Object.keys(globalThis).length, at: Date.now(), r: Math.random() } } };`)
	cold := b.write(`{}`)
	other := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", `return {leak: (globalThis as any).leak ?? ([] as any).leak ?? null}`))
	for range 3 {
		b.engine.Idle()
		b.engine.Idle()
		if o := b.write(`{}`); string(o.Value) != string(cold.Value) {
			t.Errorf("prepared %s, fresh %s", said(o), said(cold))
		}
		if l := b.engine.Load(hook.Load{Program: *other.program}); l.Failure != nil {
			t.Fatal(l.Failure)
		}
		run := hook.Run{Hash: other.program.Hash, Begin: true, Limits: b.limits, Calls: calls(t, 1, same)}
		if o := b.engine.Run(run, nil).Outcomes[0]; string(o.Value) != `{"leak":null}` {
			t.Errorf("another program: %s", said(o))
		}
		b.engine.Load(hook.Load{Program: *b.program})
	}
}
