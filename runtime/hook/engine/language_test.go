package engine_test

import (
	"strconv"
	"testing"
)

// TestLanguage: what goja lacks and esbuild rewrites, and what goja has, gives what Node gives.
func TestLanguage(t *testing.T) {
	for code, want := range language {
		b := newBench(t, "hooks/todos.ts", "export default { async beforeWrite(arg: any, ctx: any): Promise<any> { "+code+" } };", "lib/lazy.ts", "export const n = 5;")
		if o := b.write(`{}`); string(o.Value) != want {
			t.Errorf("%s\n  gives %s, want %s", code, said(o), want)
		}
	}
}

// TestCountingChangesNothing: code with counters in it gives what it gives without.
func TestCountingChangesNothing(t *testing.T) {
	for code, want := range language {
		out := tested(t, "lib/lazy.ts", "export const n = 5;", "lib/code.ts", "export async function f(): Promise<any> { "+code+" }",
			"hooks/a.test.ts", "import { f } from '../lib/code';\ntest('t', async () => { expect(JSON.stringify(await f())).toBe("+strconv.Quote(want)+") });")
		if !out.Passed() || len(out.Coverage) == 0 {
			t.Errorf("%s: %+v %+v", code, out.Diagnostics, out.Tests)
		}
	}
}

var language = map[string]string{
	`const p = JSON.parse; const v = p('{"a":1e400,"b":[-1e999,5e-400,1.5],"a2":{"__proto__":1e309},"s":"1e400 \\ud800"}'); return {a: String(v.a), b: v.b.map(String), own: Object.keys(v.a2), s: v.s.length, n: p.name + p.length}`:                                      `{"a":"Infinity","b":["-Infinity","0","1.5"],"own":["__proto__"],"s":7,"n":"parse2"}`,
	`const log: string[] = []; const v = JSON.parse('{"a":[1e400,2],"b":3,"c":4}', function (this: any, k, v) { log.push(k); return k === "b" ? undefined : v === Infinity ? "much" : k === "" ? {...this[k], top: Object.keys(this)} : v }); return {v, log: log.join()}`: `{"v":{"a":["much",2],"c":4,"top":[""]},"log":"0,1,a,b,c,"}`,
	`const e = (t: string) => { try { JSON.parse(t); return "none" } catch (e: any) { return e.name } }; return {e: ["1e400 x", "[1e400", "{", "", "1e400 ", "'1e400'", "[1e400,]"].map(e)}`:                                                                               `{"e":["SyntaxError","SyntaxError","SyntaxError","SyntaxError","none","SyntaxError","SyntaxError"]}`,
	`return {n: [(1234.5).toLocaleString("de-DE"), 7n.toLocaleString("en-US", {style: "currency"} as any), (255).toString(16)], d: new Date(0).toLocaleDateString("de-DE")}`:                                                                                               `{"n":["1234.5","7","ff"],"d":"01/01/1970"}`,
	`class Pages { constructor(private n: number) {} async *[Symbol.asyncIterator]() { for (let i = 0; i < this.n; i++) yield i } } const l: number[] = []; for await (const p of new Pages(3)) l.push(p); return {l, t: typeof Symbol.asyncIterator}`:                     `{"l":[0,1,2],"t":"symbol"}`,
	`const by = { [Symbol.asyncIterator]() { let i = 0; return { next: async () => ({ value: i, done: i++ >= 2 }) } } }; const l: number[] = []; for await (const p of by) l.push(p); async function* g() { yield* by } for await (const p of g()) l.push(p); return {l}`:  `{"l":[0,1,0,1]}`,
	`const l: string[] = []; { using a = { [(Symbol as any).dispose]() { l.push("a") } } as any; await using b = { async [(Symbol as any).asyncDispose]() { await null; l.push("b") } } as any; l.push("in") } return {l}`:                                                 `{"l":["in","b","a"]}`,
	"const last = '\\u{10ffff}'; return {n: last.length, c: last.codePointAt(0), t: `a\\u{10FFFF}`.length, r: /^\\u{10ffff}$/u.test(last), e: '\\\\u{10FFFF}'.length}":                                                                                                     `{"n":2,"c":1114111,"t":3,"r":true,"e":10}`,
	`async function* g() { yield 1; yield 2 } const l: number[] = []; for await (const x of g()) l.push(x); return {l}`:                                                                                                                                                    `{"l":[1,2]}`,
	`class A { #x = 1; static s = 2; get x() { return this.#x } static { A.s++ } } return {x: new A().x, s: A.s}`:                                                                                                                                                          `{"x":1,"s":3}`,
	`const a: any = null; a?.b.c; let b = a ?? 1; b ||= 2; return {b, at: [1, 2].at(-1)}`:                                                                                                                                                                                  `{"b":1,"at":2}`,
	`const {a, ...rest} = {a: 1, b: 2}; return {a, rest, s: [..."ab"]}`:                                                                                                                                                                 `{"a":1,"rest":{"b":2},"s":["a","b"]}`,
	`return {m: "2026-01-02".match(/(?<y>\d+)-(?<m>\d+)/)!.groups!.y, r: "aXbX".replaceAll("X", "-")}`:                                                                                                                                  `{"m":"2026","r":"a-b-"}`,
	`const r = await Promise.allSettled([1, Promise.reject(2)]); return {r}`:                                                                                                                                                            `{"r":[{"status":"fulfilled","value":1},{"status":"rejected","reason":2}]}`,
	`return {s: [3, 1, 2].toSorted(), f: [1, 2].findLast((x) => x < 2), u: [...new Set([1]).union(new Set([2]))]}`:                                                                                                                      `{"s":[1,2,3],"f":1,"u":[1,2]}`,
	`const lib: any = await import("../lib/lazy"); return {n: lib.n}`:                                                                                                                                                                   `{"n":5}`,
	`label: for (const x of [1, 2]) { for (;;) { if (x === 1) continue label; break label } } return {ok: true}`:                                                                                                                        `{"ok":true}`,
	`return {strict: (function (this: any) { return this === undefined })()}`:                                                                                                                                                           `{"strict":true}`,
	`const f = (x: any) => (x && x.y) || (x ? [x] : []).length; return {a: f(0), b: f({y: 2}), c: f(5), d: (1, 2) && 3, e: !(0 || ""), f: (() => ({a: 1}))().a}`:                                                                        `{"a":0,"b":2,"c":1,"d":3,"e":true,"f":1}`,
	`const o: any = {get a() { return this?.b ?? 7 }, b: null, async *g() { yield* [1, 2] }}; let s = ""; for await (const x of o.g()) s += x || "n"; return {a: o.a, s}`:                                                               `{"a":7,"s":"12"}`,
	"const tag = (s: any, ...v: any[]) => s.raw.join('|') + v.join(); return {t: tag`a(${1 && 2})b` ? tag`)(` : 0, n: `${[1, 2].map((x) => x > 1 ? `(${x}` : ')').join('')}`}":                                                          `{"t":")(","n":")(2"}`,
	`const r: any[] = []; for (const x of [1, 2, 3, 4]) { switch (x) { case 1: r.push("a"); case (2): r.push("b"); break; default: r.push(x > 3 ? "d" : "c") } } return {r}`:                                                            `{"r":["a","b","b","c","d"]}`,
	`class A { static n = 0 || 3; #p = 1 && 2; constructor(readonly q = null ?? 4) {} get p() { return this.#p } } class B extends A { constructor() { super(5); } } const b = new B; return {n: A.n, p: b.p, q: b.q, m: new Map && 1}`: `{"n":3,"p":2,"q":5,"m":1}`,
	`let i = 0; do { i++ } while (i < 3 && true); while (i) if (i-- > 1) continue; else break; let e; try { null!.x } catch { e = 1 } finally { i += 10 } return {i, e}`:                                                                `{"i":10,"e":1}`,
	`const {a = 1 && 2, ...r}: any = {b: 3}; const [x = (null ?? 5), , y] = [undefined, 1, 2]; const f = async (z = a || 0) => z; return {a, r, x, y, f: await f()}`:                                                                    `{"a":2,"r":{"b":3},"x":5,"y":2,"f":2}`,
	`function* g(): any { const x = (yield 1) || (yield 2); return x && "end" } const it = g(); return {l: [it.next().value, it.next(0).value, it.next(7).value]}`:                                                                      `{"l":[1,2,"end"]}`,
}
