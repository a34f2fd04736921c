package engine_test

import (
	"testing"

	"turnkey/runtime/hook"
)

// TestBeforeWrite: everything that the function may do, and every kind of nonsense.
func TestBeforeWrite(t *testing.T) {
	for _, c := range []struct {
		name, body string
		result     hook.Result
		says       string // the value, reason, code and message, or failure
	}{
		{"nothing keeps the data", `return`, hook.Kept, ""},
		{"returned as it came", `return arg.data`, hook.Changed, `{"title":"a"}`},
		{"changed", `return {...arg.data, done: true}`, hook.Changed, `{"title":"a","done":true}`},
		{"changed in place, returned", `arg.data.n = 1; return arg.data`, hook.Changed, `{"title":"a","n":1}`},
		{"changed in place, nothing returned", `arg.data.n = 1`, hook.Changed, `{"title":"a","n":1}`},
		{"async", `return (async () => { await null; return {x: 1}; })()`, hook.Changed, `{"x":1}`},
		{"undefined members are left out", `return {a: undefined, b: 1}`, hook.Changed, `{"b":1}`},
		{"dates become text", `return {at: new Date(0)}`, hook.Changed, `{"at":"1970-01-01T00:00:00.000Z"}`},
		{"dropped", `return ctx.drop("not today")`, hook.Dropped, "not today"},
		{"rejected", `ctx.reject("TOO_OLD", "It is too old.", {age: 3})`, hook.Rejected, `TOO_OLD It is too old. {"age":3}`},
		{"rejected in async code", `return (async () => { await null; ctx.reject("NO"); })()`, hook.Rejected, "NO NO "},
		{"reject needs a code", `ctx.reject()`, hook.Failed, "hook_error: TypeError: ctx.reject(code, message, details): code must be text of 1 to 100 characters"},
		{"null", `return null`, hook.Failed, "hook_invalid_result: beforeWrite returned null: return the data to write, nothing, or ctx.drop(reason)."},
		{"a list", `return [1]`, hook.Failed, "hook_invalid_result: beforeWrite returned a list: return the data to write, nothing, or ctx.drop(reason)."},
		{"text", `return "client"`, hook.Failed, `hook_invalid_result: beforeWrite returned "client": return the data to write, nothing, or ctx.drop(reason).`},
		{"a number", `return 7`, hook.Failed, "hook_invalid_result: beforeWrite returned 7: return the data to write, nothing, or ctx.drop(reason)."},
		{"the whole write", `return arg`, hook.Failed, "hook_invalid_result: beforeWrite returned the whole write: return write.data."},
		{"a drop that was not returned", `ctx.drop("x")`, hook.Failed, "hook_invalid_result: ctx.drop was called, but what it returned was not returned: write `return ctx.drop(reason)`."},
		{"NaN names its member", `return {a: [{b: NaN}]}`, hook.Failed, "hook_invalid_result: data.a[0].b is NaN, which JSON cannot hold."},
		{"a function", `return {f() {}}`, hook.Failed, "hook_invalid_result: data.f is a function."},
		{"a bigint", `return {n: 1n}`, hook.Failed, "hook_invalid_result: data.n is a bigint; use a number, or a string for what numbers cannot hold."},
		{"a promise", `return {owner: Promise.resolve(1)}`, hook.Failed, "hook_invalid_result: data.owner is a Promise; was await forgotten?"},
		{"a map", `return {m: new Map()}`, hook.Failed, "hook_invalid_result: data.m is a Map."},
		{"an invalid date", `return {d: new Date("x")}`, hook.Failed, "hook_invalid_result: data.d is an invalid Date."},
		{"a hole", `return {l: [undefined]}`, hook.Failed, "hook_invalid_result: data.l[0] is undefined."},
		{"a circle", `const o: any = {}; o.o = o; return o`, hook.Failed, "nested too deep, or contains itself."},
		{"half a character", `return {s: "\ud800"}`, hook.Failed, "lone surrogate"},
		{"too much", `return {s: "x".repeat(2000000)}`, hook.Failed, "hook_invalid_result: beforeWrite returned more than 1 MB."},
		{"a getter that throws", `return {get a() { throw new Error("mine") }}`, hook.Failed, "hook_error: Error: mine"},
		{"toJSON that throws", `return {a: {toJSON() { throw new TypeError("mine") }}}`, hook.Failed, "hook_error: TypeError: mine"},
		{"a getter that throws, async", `return (async () => ({get a() { throw new Error("mine") }}))()`, hook.Failed, "hook_error: Error: mine"},
		{"toJSON that throws, async", `return (async () => ({a: {toJSON() { throw new TypeError("mine") }}}))()`, hook.Failed, "hook_error: TypeError: mine"},
		{"throws an error", `throw new RangeError("far")`, hook.Failed, "hook_error: RangeError: far"},
		{"throws text", `throw "bad"`, hook.Failed, `hook_error: It threw "bad"`},
		{"throws nothing", `throw undefined`, hook.Failed, "hook_error: It threw undefined"},
		{"an error with a cause", `throw new Error("a", {cause: new Error("b")})`, hook.Failed, "hook_error: Error: a; caused by Error: b"},
		{"rejects with text, async", `return (async () => { throw "bad" })()`, hook.Failed, `hook_error: It threw "bad"`},
		{"a thenable", `return {then(f: any) { f({a: 1}) }}`, hook.Changed, `{"a":1}`},
		{"a promise that never settles", `return new Promise(() => {})`, hook.Failed, "hook_error: beforeWrite waits for a promise that can never settle."},
		{"a forgotten rejection", `(async () => { throw new Error("lost") })(); return`, hook.Failed, "hook_error: A promise that nobody waited for was rejected: Error: lost"},
		{"a rejection handled late", `const p = Promise.reject(new Error("x")); return Promise.resolve().then(() => p).catch(() => ({ok: 1}))`, hook.Changed, `{"ok":1}`},
		{"a timer", `return new Promise((ok) => setTimeout(ok, 5, {a: 1}))`, hook.Changed, `{"a":1}`},
		{"a timer that throws", `setTimeout(() => { throw new Error("late") }, 1); return new Promise(() => {})`, hook.Failed, "hook_error: Error: late"},
		{"endless recursion after an await", `return (async () => { await null; const g = (): any => g() + 1; return g() })()`, hook.Failed, "hook_error: RangeError: functions call each other more than 1000 deep."},
		{"rejected where nobody waits", `(async () => { await null; ctx.reject("NO") })(); return new Promise((ok) => setTimeout(ok, 1))`, hook.Rejected, "NO NO "},
		{"a rejection that code has laid hands on", `try { ctx.reject("NO") } catch (e: any) { e.code = {toString() { throw 1 }}; throw e }`, hook.Failed, "hook_error: It threw something that cannot be shown."},
		{"the same, async", `return (async () => { try { ctx.reject("NO") } catch (e: any) { e.details = {toJSON() { throw 1 }}; throw e } })()`, hook.Failed, "hook_error: It threw something that cannot be shown."},
		{"details with half a character", `ctx.reject("NO", "no", {a: "\ud800"})`, hook.Failed, "hook_invalid_result: ctx.reject: details have half of a character"},
		{"endless details", `ctx.reject("NO", "no", {a: "x".repeat(20000)})`, hook.Failed, "hook_error: TypeError: ctx.reject(code, message, details): details have at most 16384"},
		{"endless recursion", `const f = (): any => f() + 1; return f()`, hook.Failed, "hook_error: RangeError: functions call each other more than 1000 deep."},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := body(t, c.body)
			if o.Result != c.result || !says(o, c.says) {
				t.Errorf("%s %s, want %s %s", o.Result, said(o), c.result, c.says)
			}
		})
	}
}

// TestOtherFunctions: what each of the others may return, and what not.
func TestOtherFunctions(t *testing.T) {
	conflict := hook.Conflict{Base: text(`{"n":1}`), Server: text(`{"n":2}`), Client: text(`{"n":3}`), Fields: []string{"n"}, Write: todo(`{"n":3}`)}
	change := hook.Change{Op: "PATCH", Table: "todos", ID: "1", Old: text(`{"n":1}`), New: text(`{"n":2}`), Fields: []string{"n"}}
	calls := map[hook.Function]func() (hook.Call, error){
		hook.ResolveConflict:   func() (hook.Call, error) { return hook.CallResolveConflict(moment, conflict) },
		hook.AfterWrite:        func() (hook.Call, error) { return hook.CallAfterWrite(moment, change) },
		hook.AfterCommit:       func() (hook.Call, error) { return hook.CallAfterCommit(moment, change, "dlv_1") },
		hook.BeforeTransaction: func() (hook.Call, error) { return hook.CallBeforeTransaction(moment, []hook.Write{todo(`{}`)}) },
		hook.ResolveUser: func() (hook.Call, error) {
			return hook.CallResolveUser(moment, hook.Identity{Provider: "p", UserID: "u", Claims: text(`{"email":"a@b.c"}`)})
		},
	}
	files := map[hook.Function]string{hook.BeforeTransaction: "hooks/_transaction.ts", hook.ResolveUser: "hooks/_auth.ts"}
	for _, c := range []struct {
		function hook.Function
		body     string
		result   hook.Result
		says     string
	}{
		{hook.ResolveConflict, `return "client"`, hook.Client, ""},
		{hook.ResolveConflict, `return "server"`, hook.Server, ""},
		{hook.ResolveConflict, `return {n: arg.server.n + arg.client.n - arg.base.n}`, hook.Values, `{"n":4}`},
		{hook.ResolveConflict, `return arg.server`, hook.Values, `{"n":2}`},
		{hook.ResolveConflict, `return Promise.resolve("server")`, hook.Server, ""},
		{hook.ResolveConflict, `ctx.reject("CONFLICT", "Sorry.")`, hook.Rejected, "CONFLICT Sorry. "},
		{hook.ResolveConflict, `return`, hook.Failed, `hook_invalid_result: resolveConflict returned undefined: return "client", "server" or the row's values.`},
		{hook.ResolveConflict, `return "mine"`, hook.Failed, `resolveConflict returned "mine"`},
		{hook.ResolveConflict, `return null`, hook.Failed, `resolveConflict returned null`},
		{hook.ResolveConflict, `return arg`, hook.Failed, `resolveConflict returned the whole conflict`},
		{hook.ResolveConflict, `return {n: Infinity}`, hook.Failed, "values.n is Infinity"},
		{hook.ResolveConflict, `return ctx.drop("x")`, hook.Failed, "hook_error: TypeError: ctx.drop works only in beforeWrite; this is resolveConflict"},
		{hook.AfterWrite, `return`, hook.Done, ""},
		{hook.AfterWrite, `return "ignored"`, hook.Done, ""},
		{hook.AfterWrite, `ctx.reject("NO")`, hook.Rejected, "NO NO "},
		{hook.AfterWrite, `return fetch("https://a.b")`, hook.Failed, "TypeError: fetch works only in afterCommit, resolveUser; this is afterWrite"},
		{hook.AfterWrite, `throw new Error(arg.fields[0] + arg.new.n)`, hook.Failed, "hook_error: Error: n2"},
		{hook.AfterCommit, `if (ctx.deliveryId !== "dlv_1") throw 1`, hook.Done, ""},
		{hook.AfterCommit, `ctx.reject("NO")`, hook.Failed, "ctx.reject works only in beforeWrite"},
		{hook.BeforeTransaction, `if (arg.length !== 1 || arg[0].table !== "todos") throw 1`, hook.Done, ""},
		{hook.BeforeTransaction, `ctx.reject("TOO_MANY", "Too many.", {n: arg.length})`, hook.Rejected, `TOO_MANY Too many. {"n":1}`},
		{hook.ResolveUser, `return {userId: arg.claims.email}`, hook.Resolved, `{"userId":"a@b.c"}`},
		{hook.ResolveUser, `return {userId: arg.userId, claims: {role: "x"}}`, hook.Resolved, `{"userId":"u","claims":{"role":"x"}}`},
		{hook.ResolveUser, `ctx.reject("UNKNOWN")`, hook.Rejected, "UNKNOWN UNKNOWN "},
		{hook.ResolveUser, `return`, hook.Failed, "resolveUser returned undefined: return {userId, claims}, or ctx.reject."},
		{hook.ResolveUser, `return "u"`, hook.Failed, `resolveUser returned "u"`},
		{hook.ResolveUser, `return {userId: ""}`, hook.Failed, `resolveUser returned userId "": it must be text.`},
		{hook.ResolveUser, `return {userId: 7}`, hook.Failed, `resolveUser returned userId 7: it must be text.`},
		{hook.ResolveUser, `return {user_id: "u"}`, hook.Failed, `resolveUser returned {user_id}, which is not known`},
		{hook.ResolveUser, `return {userId: "u", claims: []}`, hook.Failed, `resolveUser returned claims a list: they must be an object.`},
		{hook.ResolveUser, `ctx.enqueue("crm", 1)`, hook.Failed, `ctx.enqueue works only in beforeWrite`},
	} {
		t.Run(string(c.function)+" "+c.body, func(t *testing.T) {
			file := files[c.function]
			if file == "" {
				file = "hooks/todos.ts"
			}
			o := newBench(t, file, hookWith(string(c.function), c.body)).one(calls[c.function]())
			if o.Result != c.result || !says(o, c.says) {
				t.Errorf("%s %s, want %s %s", o.Result, said(o), c.result, c.says)
			}
		})
	}
}

// TestNoSuchFunction: asking for what is not there is no failure.
func TestNoSuchFunction(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("afterWrite", "return"))
	if o := b.write(`{}`); o.Result != hook.Absent {
		t.Errorf("function: %s", o.Result)
	}
	w := todo(`{}`)
	w.Table = "lists"
	if o := b.one(hook.CallBeforeWrite(moment, w)); o.Result != hook.Absent {
		t.Errorf("file: %s", o.Result)
	}
}

// TestDelete: a DELETE has no data to change.
func TestDelete(t *testing.T) {
	for code, want := range map[string]string{
		`return`: "kept", `return ctx.drop("kept alive")`: "dropped",
		`return {a: 1}`: "beforeWrite returned an object for a DELETE, which has no data",
		`return null`:   "beforeWrite returned null for a DELETE",
	} {
		o := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", code)).one(hook.CallBeforeWrite(moment, hook.Write{Op: "DELETE", Table: "todos", ID: "1", Old: text(`{"a":1}`)}))
		if string(o.Result) != want && !says(o, want) {
			t.Errorf("%s: %s %s", code, o.Result, said(o))
		}
	}
}

// TestGettersOfResults: what a function returns may run code when it is looked at; what that throws is the function's.
func TestGettersOfResults(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", `return { get a() { throw new Error("boom"); } }`))
	if o := b.write(`{}`); o.Result != hook.Failed || o.Failure.Class != hook.ClassError || o.Failure.Message != "Error: boom" || o.Failure.Line == 0 {
		t.Errorf("it throws: %s", said(o))
	}
	b = newBench(t, "hooks/todos.ts", hookWith("beforeWrite", `return { get a() { return this.b + 1; }, b: 1 }`))
	if o := b.write(`{}`); o.Result != hook.Changed || string(o.Value) != `{"a":2,"b":1}` {
		t.Errorf("it tells: %s", said(o))
	}
	b = newBench(t, "hooks/todos.ts", hookWith("beforeWrite", `return { get a() { for (;;) {} } }`))
	b.limits.TimeMS = 20
	if o := b.write(`{}`); o.Result != hook.Failed || o.Failure.Class != hook.ClassTimeout {
		t.Errorf("it never ends: %s", said(o))
	}
}
