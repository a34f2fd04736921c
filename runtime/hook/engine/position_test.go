package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"turnkey/runtime/hook"
)

func at(f *hook.Failure) string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }

// TestPositions: failures are told at the line of the TypeScript source, through two imported files.
func TestPositions(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `// a comment
import { check } from "../lib/check";

interface Row { title: string } // types take lines that the script does not have

export default {
  async beforeWrite(write: { data: Row }, ctx: unknown) {
    type Local = Row;
    const row: Local = write.data;
    await null;
    check(row.title);
  },
};
`, "lib/check.ts", `import { fail } from "./deep/fail";

export function check(title: string): void {
  if (title === "bad") fail<string>(title);
}
`, "lib/deep/fail.ts", `export type T = string;


export function fail<X extends T>(x: X): never {
  const message: string = "no " + x;
  throw new TypeError(message);
}
`)
	f := failure(t, b.write(`{"title":"bad"}`), hook.ClassError, "TypeError: no bad")
	if at(f) != "lib/deep/fail.ts:6:9" {
		t.Errorf("at %s", at(f))
	}
	want := []hook.Frame{{Function: "fail", File: "lib/deep/fail.ts", Line: 6}, {Function: "check", File: "lib/check.ts", Line: 4}, {Function: "beforeWrite", File: "hooks/todos.ts", Line: 11}}
	if len(f.Stack) < len(want) {
		t.Fatalf("%+v", f.Stack)
	}
	for i, w := range want {
		g := f.Stack[i]
		g.Column = 0
		if g != w {
			t.Errorf("frame %d: %+v, want %+v", i, g, w)
		}
	}
}

// TestPositionOf: every kind of failure says where.
func TestPositionOf(t *testing.T) {
	for code, line := range map[string]int{
		"throw new Error('a')":                               3,
		"null!.x":                                            3,
		"const f = () => { throw 'text' }; f()":              3,
		"const f = (): any => f() + 1; f()":                  3,
		"while (true) { arg.x = 1 }":                         3,
		"return ctx.reject(1)":                               3,
		"JSON.parse('{')":                                    3,
		"return (async () => { await 1; null!.x })()":        3,
		"return new Promise(() => { throw new Error('a') })": 3,
		"[1].map(() => { throw new Error('x') })":            3,
	} {
		b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", code))
		if strings.HasPrefix(code, "while") {
			b.limits.TimeMS = 50
		}
		o := b.write(`{}`)
		if o.Failure == nil || o.Failure.File != "hooks/todos.ts" || o.Failure.Line != line {
			t.Errorf("%s: %+v", code, o.Failure)
		}
	}
}

// TestLogs: levels, positions, values as text, limits; nothing that could garble a terminal.
func TestLogs(t *testing.T) {
	o := body(t, `console.log("a", 1, {b: [true, null, undefined]}, "c")
    ctx.log.warn(new Map([["k", new Set([1])]]))
    ctx.log("plain")
    console.error(new TypeError("bad"))
    console.debug("\u001b[31mred\u202e\u0000", Symbol("s"), 3n, () => 1, new Date(0), /x/g)
    const o: any = {}; o.self = o; console.info(o, Promise.resolve(1), new Uint8Array(2), new (class Point { x = 1 })())
    console.log("x".repeat(10000))`)
	want := []hook.Log{
		{Level: "info", Text: `a 1 { b: [ true, null, undefined ] } c`, File: "hooks/todos.ts", Line: 3},
		{Level: "warn", Text: `Map(1) { "k" => Set(1) { 1 } }`, File: "hooks/todos.ts", Line: 4},
		{Level: "info", Text: `plain`, File: "hooks/todos.ts", Line: 5},
		{Level: "error", Text: ``, File: "hooks/todos.ts", Line: 6},
		{Level: "debug", Text: `[31mred Symbol(s) 3n [function] 1970-01-01T00:00:00.000Z /x/g`, File: "hooks/todos.ts", Line: 7},
		{Level: "info", Text: `{ self: [circular] } [promise] Uint8Array(2) [ 0, 0 ] Point { x: 1 }`, File: "hooks/todos.ts", Line: 8},
		{Level: "info", Text: ``, File: "hooks/todos.ts", Line: 9},
	}
	if len(o.Logs) != len(want) {
		t.Fatalf("%+v", o)
	}
	for i, w := range want {
		g := o.Logs[i]
		if w.Text == "" {
			w.Text = g.Text
		}
		if g != w {
			t.Errorf("%+v\nwant %+v", g, w)
		}
	}
	if n := len(o.Logs[6].Text); n != hook.DefaultLimits().LogBytes {
		t.Errorf("a long line has %d bytes", n)
	}
	o = body(t, `for (let i = 0; i < 150; i++) console.log(i)`)
	if len(o.Logs) != 100 || o.LogsDropped != 50 {
		t.Errorf("%d lines, %d dropped", len(o.Logs), o.LogsDropped)
	}
	if o = body(t, `console.log("before"); throw new Error("x")`); len(o.Logs) != 1 {
		t.Error("the log of a failed call is what helps to find out why")
	}
}

// TestStacksInTheLog: what is logged of an error leads to the users' files, and shows nothing of ours.
func TestStacksInTheLog(t *testing.T) {
	o := body(t, "const f = () => { throw new RangeError(\"far\") };\n    try { [1].forEach(f) } catch (e) { console.log(\"caught\", e) }\n    console.log(\"two\\n\\tlines at me (native)\"); return {}")
	if len(o.Logs) != 2 {
		t.Fatal(said(o))
	}
	want := "hooks/todos.ts:4 caught RangeError: far \u23ce  at f (hooks/todos.ts:3:29) \u23ce  at beforeWrite (hooks/todos.ts:4:15)"
	if got := o.Logs[0].String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := o.Logs[1].String(); got != "hooks/todos.ts:5 two \u23ce  lines at me (native)" {
		t.Error(got)
	}
}
