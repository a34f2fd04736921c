package engine_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
)

func tested(t testing.TB, pairs ...string) hook.Tested {
	t.Helper()
	limits := hook.DefaultLimits()
	limits.TimeMS = 20_000 // as newBench
	out := engine.New(time.Now).Test(hook.Test{Files: files(pairs...), NowMS: moment.NowMS, Seed: "s", Env: map[string]string{"MODE": "strict"}, Limits: limits})
	text, err := hook.Encode(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hook.DecodeTested(text); err != nil {
		t.Fatal(err)
	}
	return out
}

const todosHook = `import { tooLong } from "../lib/rules";
export default {
  async beforeWrite(write: any, ctx: any) {
    if (write.op === "DELETE") return ctx.drop("kept");
    if (tooLong(write.data.title)) ctx.reject("TOO_LONG", "The title is too long.", { max: 5 });
    const owner = await ctx.db.collection("people").findOne({ _id: ctx.user.id }, { fields: ["name"] });
    ctx.enqueue("crm", { id: write.id });
    return { ...write.data, owner: owner ? owner.name : "nobody", at: ctx.now, mode: ctx.env.MODE };
  },
  resolveConflict(conflict: any) {
    switch (conflict.fields[0]) {
      case "n":
        return { n: conflict.server.n + conflict.client.n };
      case "title":
        return "client";
      default:
        return "server";
    }
  },
};
`

const rules = `export function tooLong(title?: string): boolean {
  const text = title ?? "";
  return text.length > 5 && text !== "Turnkey";
}
export const unused = (x: number) => x + 1;
`

// TestTests: hooks are called as the runtime calls them; fixtures, rows in memory, everything that expect knows.
func TestTests(t *testing.T) {
	out := tested(t, "hooks/todos.ts", todosHook, "lib/rules.ts", rules, "hooks/people.json", `[{"_id": "u1", "name": "Ada", "age": 3}]`, "hooks/todos.test.ts", `
import todos from "./todos";
import people from "./people.json";

test("changes data", async () => {
  const out = await run(todos, "beforeWrite", { data: { title: "a" }, user: { id: "u1" }, env: { MODE: "test" }, now: "2026-01-02T03:04:05Z", db: { people } });
  expect(out).toEqual({ result: "changed", value: { title: "a", owner: "Ada", at: "2026-01-02T03:04:05.000Z", mode: "test" }, enqueued: [{ outbox: "crm", payload: { id: "1" } }] });
});
test("rejects", async () => {
  const out = await run(todos, "beforeWrite", { data: { title: "much too long" } });
  expect(out).toMatchObject({ result: "rejected", code: "TOO_LONG", details: { max: 5 } });
});
test("drops", async () => {
  expect((await run(todos, "beforeWrite", { op: "DELETE", old: { title: "x" } })).reason).toBe("kept");
});
test("decides conflicts", async () => {
  expect((await run(todos, "resolveConflict", { base: { n: 1 }, server: { n: 2 }, client: { n: 3 } })).value).toEqual({ n: 5 });
  expect(await run(todos, "resolveConflict", { client: { title: "x" } })).toMatchObject({ result: "client" });
});
test("errors of the hook", async () => {
  await expect(run(todos, "beforeWrite", {})).rejects.toThrow("no table people");
  await expect(run(todos, "beforeWrite", {})).rejects.toThrow("unknown_table");
  await expect(run({ beforeWrite: () => null }, "beforeWrite")).rejects.toThrow(/returned null/);
  await expect(run({ beforeWrite: () => { throw new RangeError("x") } }, "beforeWrite")).rejects.toThrow(RangeError);
  await expect(run({}, "beforeWrite")).rejects.not.toThrow("x").catch((e) => expect(String(e)).toContain("resolved with"));
});
test("rows in memory", async () => {
  const db = { lists: [{ _id: "1", n: 1, tag: "a" }, { _id: "2", n: 5, tag: "b" }] as any[] };
  await run({ async afterWrite(_: any, ctx: any) {
    const lists = ctx.db.table("lists");
    expect(await lists.count({ n: { $gte: 1, $lt: 5 } })).toBe(1);
    expect((await lists.find({}, { sort: { n: -1 }, limit: 1 })).map((r: any) => r._id)).toEqual(["2"]);
    expect(await lists.updateOne({ tag: { $in: ["a"] } }, { n: 2 })).toEqual({ matchedCount: 1, modifiedCount: 1 });
    expect(await lists.insertOne({ _id: "3", n: 9 })).toEqual({ insertedId: "3" });
    await expect(lists.insertOne({ _id: "3" })).rejects.toThrow("duplicate_key");
    expect(await lists.deleteOne({ _id: "2" })).toEqual({ deletedCount: 1 });
    expect(await lists.findOne({ _id: "2" })).toBeNull();
  } }, "afterWrite", { db });
  expect(db.lists).toEqual([{ _id: "1", n: 2, tag: "a" }, { _id: "3", n: 9 }]);
});
test("rows in memory as in a database", async () => {
  const db = { lists: [{ _id: "2", n: null, place: { city: "Rome" } }, { _id: "1", tags: ["a", "b"], n: 3 }] as any[] };
  await run({ async afterWrite(_: any, ctx: any) {
    const lists = ctx.db.table("lists");
    const ids = async (filter?: any, options?: any) => (await lists.find(filter, options)).map((r: any) => r._id).join("");
    expect(await ids()).toBe("12");
    expect(await ids({ id: "2" })).toBe("2");
    expect(await ids({ n: null })).toBe("2");
    expect(await ids({ n: { $ne: 3 } })).toBe("2");
    expect(await ids({ n: { $in: [3, null] } }, { sort: { n: 1 } })).toBe("21");
    expect(await ids({ n: { $gte: 3, $lte: 3 } })).toBe("1");
    expect(await ids({ tags: "b" })).toBe("1");
    expect(await ids({ "place.city": "Rome" })).toBe("2");
    await expect(lists.find({ n: { $lt: null } })).rejects.toThrow("invalid_query");
    await lists.updateOne({}, { "place.city": "Oslo" });
    await lists.insertOne({ id: "3" });
    await lists.deleteOne({ n: null });
  } }, "afterWrite", { db });
  expect(db.lists).toEqual([{ _id: "1", tags: ["a", "b"], n: 3, place: { city: "Oslo" } }, { _id: "3" }]);
});
test("fetch", async () => {
  const seen: any[] = [];
  const hooks = { async afterCommit(change: any, ctx: any) { const r = await ctx.fetch("https://a.b/" + ctx.deliveryId, { method: "POST", body: "x" }); return seen.push(r.status, await r.json()); } };
  await run(hooks, "afterCommit", { new: { a: 1 }, fetch: (r) => { seen.push(r.url, r.body); return { status: 202, body: { ok: true } }; } });
  expect(seen).toEqual(["https://a.b/delivery-1", "x", 202, { ok: true }]);
});
test("other hooks", async () => {
  expect((await run({ resolveUser: (i: any) => ({ userId: i.claims.sub }) }, "resolveUser", { identity: { claims: { sub: "7" } } })).value).toEqual({ userId: "7" });
  expect(await run({ beforeTransaction(w: any, ctx: any) { if (w.length > 1) ctx.reject("MANY") } }, "beforeTransaction", { writes: [{}, {}] })).toMatchObject({ code: "MANY" });
  expect((await run({ beforeWrite() {} }, "beforeWrite", { data: { a: 1 } }))).toEqual({ result: "kept", value: { a: 1 }, enqueued: [] });
  expect((await run({}, "beforeWrite")).result).toBe("absent");
});
test("matchers", () => {
  expect(1).toBe(1); expect(NaN).toBe(NaN); expect({}).not.toBe({});
  expect({ a: [1, { b: undefined }], d: new Date(1), m: new Map([[1, 2]]), s: new Set([{}]) }).toEqual({ a: [1, {}], d: new Date(1), m: new Map([[1, 2]]), s: new Set([{}]) });
  expect({ a: 1, b: 2 }).not.toEqual({ a: 1 }); expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } }); expect({ a: 1 }).not.toMatchObject({ b: undefined, a: 2 });
  expect("abc").toContain("b"); expect([{ a: 1 }]).toContain({ a: 1 }); expect([1]).not.toContain(2);
  expect([1, 2]).toHaveLength(2); expect(null).toBeNull(); expect(undefined).toBeUndefined(); expect(0).toBeDefined(); expect("x").toBeTruthy(); expect(0).toBeFalsy();
  expect(2).toBeGreaterThan(1); expect(1).toBeLessThan(2); expect(() => { throw new TypeError("abc") }).toThrow("b"); expect(() => {}).not.toThrow();
  expect([Date.now(), Math.random() === Math.random()]).toEqual([1790000000123, false]);
});
`)
	if len(out.Diagnostics) > 0 || len(out.Tests) != 10 || !out.Passed() {
		for _, x := range out.Tests {
			t.Logf("%+v", x)
			if x.Failure != nil {
				t.Errorf("%s: %+v %+v", x.Name, *x.Failure, x.Expectation)
			}
		}
		t.Fatalf("%v, %d tests", out.Diagnostics, len(out.Tests))
	}
}

// TestFailingTests: what failed, what was expected, where.
func TestFailingTests(t *testing.T) {
	for _, c := range []struct {
		name, code string
		line       int
		want       hook.Expectation
		says       string
	}{
		{"toBe", "expect(1 + 1).toBe(3);", 3, hook.Expectation{Matcher: "toBe", Expected: "3", Received: "2"}, "ExpectationError: expect(2).toBe(3)"},
		{"toEqual, async", "await null;\n  expect({ a: [1] }).toEqual({ a: [2] });", 4, hook.Expectation{Matcher: "toEqual", Expected: "{ a: [ 2 ] }", Received: "{ a: [ 1 ] }"}, ""},
		{"not", "expect(null).not.toBeNull();", 3, hook.Expectation{Matcher: "not.toBeNull", Received: "null"}, ""},
		{"toThrow", "expect(() => {}).toThrow('x');", 3, hook.Expectation{Matcher: "toThrow", Expected: `"x"`, Received: "it did not throw"}, ""},
		{"rejects", "await expect(Promise.reject(new Error('a'))).rejects.toThrow('b');", 3, hook.Expectation{Matcher: "rejects.toThrow", Expected: `"b"`, Received: "Error: a"}, ""},
		{"rejects, resolved", "await expect(Promise.resolve(5)).rejects.toThrow('b');", 3, hook.Expectation{Matcher: "rejects.toThrow", Expected: `"b"`, Received: "resolved with 5"}, ""},
		{"a forgotten await", "expect(Promise.resolve(5)).rejects.toThrow('b');", 3, hook.Expectation{Matcher: "rejects.toThrow", Expected: `"b"`, Received: "resolved with 5"}, "A promise that nobody waited for"},
		{"an error", "(null as any).x;", 3, hook.Expectation{}, "TypeError"},
		{"never settles", "await new Promise(() => {});", 0, hook.Expectation{}, "can never settle"},
		{"in a helper of a library", "check(1);", 1, hook.Expectation{Matcher: "toBe", Expected: "2", Received: "1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := tested(t, "hooks/a.test.ts", "import { check } from '../lib/check';\ntest('first', async () => {\n  "+c.code+"\n  check;\n});\ntest('second', () => {});\n",
				"lib/check.ts", "export function check(x: number) { expect(x).toBe(2); }")
			if len(out.Tests) != 2 || out.Tests[0].Passed || !out.Tests[1].Passed || out.Passed() {
				t.Fatalf("%+v", out)
			}
			x := out.Tests[0]
			if x.File != "hooks/a.test.ts" || x.Line != 2 || x.Name != "first" || x.Failure.Line != c.line || !strings.Contains(x.Failure.Message, c.says) {
				t.Errorf("%+v\n%+v", x, *x.Failure)
			}
			if (x.Expectation == nil) != (c.want == hook.Expectation{}) || x.Expectation != nil && *x.Expectation != c.want {
				t.Errorf("%+v, want %+v", x.Expectation, c.want)
			}
		})
	}
}

// TestTestsThatHang do not take the others with them.
func TestTestsThatHang(t *testing.T) {
	in := hook.Test{Files: files("hooks/a.test.ts", "test('hangs', () => { for (;;) { Math.random() } });\ntest('fine', () => {});"), Limits: hook.DefaultLimits()}
	in.Limits.TimeMS = 500
	out := engine.New(time.Now).Test(in)
	if len(out.Tests) != 2 || out.Tests[0].Failure.Class != hook.ClassTimeout || !out.Tests[1].Passed || !out.Retire {
		t.Errorf("%+v", out)
	}
}

// TestTestsAreApart: each test begins in a fresh global state.
func TestTestsAreApart(t *testing.T) {
	out := tested(t, "hooks/a.test.ts", `let n = 0; test("one", () => expect(++n).toBe(1)); test("two", () => expect(++n).toBe(1));`)
	if !out.Passed() || len(out.Tests) != 2 {
		t.Errorf("%+v", out)
	}
}

// TestTestFilesThatCannotRun are diagnostics.
func TestTestFilesThatCannotRun(t *testing.T) {
	for code, want := range map[string]string{
		"test('a', ":                               "hooks/a.test.ts:1:",
		"throw new Error('top')":                   "hooks/a.test.ts:1:7: The file cannot be loaded: Error: top",
		"test('a', () => {}); test('a', () => {})": "there are two tests named",
		"test('', () => {})":                       "name must be text",
		"import x from 'vitest'; x":                `Cannot import "vitest"`,
	} {
		out := tested(t, "hooks/a.test.ts", code)
		if out.Passed() || len(out.Diagnostics) != 1 || !strings.Contains(out.Diagnostics[0].String(), want) {
			t.Errorf("%s: %+v", code, out.Diagnostics)
		}
	}
	if out := tested(t, "hooks/todos.ts", "export default {}"); !out.Passed() || len(out.Tests) != 0 {
		t.Errorf("no tests are no failure: %+v", out)
	}
	if out := tested(t, "hooks/a.test.ts", "let x = 1; x"); !out.Passed() || len(out.Diagnostics) != 1 {
		t.Errorf("a file without tests is a warning: %+v", out)
	}
}

// TestMatchersExist: turnkey.d.ts tells the truth about expect.
func TestMatchersExist(t *testing.T) {
	_, rest, _ := strings.Cut(hook.TypeScript, "interface Expectation {")
	declared, _, _ := strings.Cut(rest, "\n}")
	names := regexp.MustCompile(`(?m)^  (\w+)\(`).FindAllStringSubmatch(declared, -1)
	if len(names) < 13 {
		t.Fatalf("only %v", names)
	}
	for _, n := range names {
		for _, of := range []string{"expect(1)", "expect(1).not", "expect(1).rejects", "expect(1).rejects.not"} {
			if out := tested(t, "hooks/a.test.ts", "test('t', () => { if (typeof ("+of+" as any)."+n[1]+" !== 'function') throw 1 });"); !out.Passed() {
				t.Errorf("there is no %s.%s", of, n[1])
			}
		}
	}
}

// TestCoverage: branches by hand: every way that is taken, and the lines of those that are not.
func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		name, lib, test string
		taken, total    int
		missed          []int
	}{
		{"a function", "export function f() {\n  return 1;\n}", "f()", 1, 1, nil},
		{"a function not called", "export function f() {\n  return () => 2;\n}", "f()", 1, 2, []int{2}},
		{"if", "export function f(x: number) {\n  if (x > 1) return 1;\n  return 2;\n}", "f(1)", 2, 3, []int{2}},
		{"if and else", "export function f(x: number) {\n  if (x > 1) return 1; else return 2;\n}", "f(1); f(2)", 3, 3, nil},
		{"ternary", "export function f(x: any) {\n  return x ? 1 : 2;\n}", "f(1)", 2, 3, []int{2}},
		{"and", "export function f(x: any, y?: any) {\n  return x && y;\n}", "f(0)", 2, 3, []int{2}},
		{"and of or", "export function f(x: any, y: any, z: any) {\n  return (x || y) && z;\n}", "f(1, 0, 0)", 3, 5, []int{2}},
		{"parentheses", "export function f(x: any) {\n  return ((x) && (x).y) ? (1, 2) : (3, 4);\n}", "f({y: 1})", 3, 5, []int{2}},
		{"nullish", "export function f(x: any) {\n  return x ?? 5;\n}", "f(0); f(null)", 3, 3, nil},
		{"call on parentheses", "export function f(x: any) {\n  return (x ? [1] : [2]).map((y) => y)[0] || 3;\n}", "f(1)", 4, 6, []int{2}},
		{"tagged template", "const tag = (s: any) => s.length;\nexport function f() {\n  return tag`a)b(` ? 1 : 2;\n}", "f()", 3, 4, []int{3}},
		{"strings with parentheses", "export function f(s: string) {\n  return s === \")(\" || /[)(]/.test(s) ? `)${s}(` : \"((\";\n}", "f(')(')", 3, 5, []int{2}},
		{"switch", "export function f(x: any) {\n  switch (x) {\n    case 1:\n    case (2, 3):\n      return 'a';\n    default:\n      return 'b';\n  }\n}", "f(1)", 2, 3, []int{6}},
		{"catch", "export function f(x: any) {\n  try {\n    x();\n  } catch {\n    return 1;\n  }\n}", "f(() => 1)", 1, 2, []int{5}},
		{"arrow with an object", "export const f = (x: any) => ({ a: x });", "f(1)", 1, 1, nil},
		{"arrows of arrows", "export const f = (x: any) => (y: any) => x && y;", "f(1)", 1, 4, []int{1}},
		{"async and generators", "export async function* f() {\n  yield 1;\n}\nexport const g = async () => { for await (const x of f()) { if (x) return; } };", "await g()", 3, 4, []int{4}},
		{"class", "export class A {\n  constructor(private x: number) {}\n  get y() {\n    return this.x;\n  }\n}\nexport const f = () => new A(1);", "f()", 2, 3, []int{3}},
		{"enum", "export enum E { A, B }\nexport const f = () => E.A;", "f()", 1, 1, nil},
		{"await and new", "export const f = async (x: any) => (await x) && new Map;", "await f(1)", 2, 3, []int{1}},
		{"optional chain", "export const f = (x: any) => x?.y?.(1) || 2;", "f(null)", 2, 3, []int{1}},
		{"assignment in a condition", "export function f(s: string) {\n  let m;\n  if (m = /a/.exec(s)) return m[0];\n}", "f('a')", 2, 3, []int{3}},
		{"negation", "export const f = (x: any) => !x && !(x || 0) ? 1 : 2;", "f(0)", 4, 7, []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := tested(t, "lib/a.ts", c.lib, "hooks/a.test.ts", "import * as lib from '../lib/a';\ntest('t', async () => { const { f, g, A, E } = lib as any; "+c.test+" });")
			if !out.Passed() || len(out.Coverage) != 1 {
				for _, x := range out.Tests {
					t.Logf("%+v", x.Failure)
				}
				t.Fatalf("%+v", out)
			}
			g := out.Coverage[0]
			if g.File != "lib/a.ts" || g.Taken != c.taken || g.Total != c.total || !slices.Equal(g.Missed, c.missed) {
				t.Errorf("%+v, want %d of %d, lines %v", g, c.taken, c.total, c.missed)
			}
		})
	}
}

// TestCoverageOfHooks: by file, hooks without a test too; positions stay right in counted code.
func TestCoverageOfHooks(t *testing.T) {
	out := tested(t, "hooks/todos.ts", todosHook, "lib/rules.ts", rules, "hooks/other.ts", "export default {\n  beforeWrite() {},\n};", "hooks/todos.test.ts", `import todos from "./todos";
test("t", async () => { await run(todos, "beforeWrite", { data: { title: "a" }, db: { people: [] } }); });
test("bad", async () => { await run(todos, "resolveConflict", { client: null, server: null, fields: null as any }); });`)
	var got []string
	for _, c := range out.Coverage {
		got = append(got, fmt.Sprintf("%s %d/%d %v", c.File, c.Taken, c.Total, c.Missed))
	}
	want := "hooks/other.ts 0/1 [2]|hooks/todos.ts 6/11 [4 5 8 12 14]|lib/rules.ts 3/5 [2 3]"
	if strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}
