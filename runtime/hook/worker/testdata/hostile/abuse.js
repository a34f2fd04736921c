//--- the time limit caught in a loop
for (;;) try { for (;;) {} } catch { continue; } finally { continue; }
//--- the time limit caught in a generator
function* g() { for (;;) try { yield* g(); } catch { } finally { yield 1; } } for (;;) for (const x of g()) break;
//--- finally in finally
const f = () => { try { try { for (;;) {} } finally { for (;;) {} } } finally { for (;;) {} } }; return f();
//--- an async function that swallows
return (async () => { for (;;) try { await (async () => { for (;;) {} })(); } catch { } })();
//--- an iterator whose return loops
const it = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { for (;;) {} } }) }; const [a] = it; return { a };
//--- an iterator whose return throws for ever
const it = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { throw it; } }) }; for (;;) try { for (const x of it) break; } catch { }
//--- an async iterator that never settles
return (async () => { for await (const x of { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) { } })();
//--- generators inside of generators
function* g(n) { if (n > 0) yield* g(n - 1); yield n; } for (;;) for (const x of g(900)) { }
//--- a generator kept for every await
return (async () => { const keep = []; for (;;) { const g = (function* () { yield new Array(1e4).fill(0); })(); g.next(); keep.push(g); await null; } })();
//--- sort that grows its list
const a = [3, 2, 1]; a.sort(() => { for (let i = 0; i < 1e4; i++) a.push(i); return 1; });
//--- sort that empties its list
const a = Array.from({ length: 1e5 }, (_, i) => -i); a.sort((x, y) => { a.length = 0; return x - y; }); return { a };
//--- sort of a proxy
Array.prototype.sort.call(new Proxy({ length: 2 ** 53 - 1 }, { has: () => true, get: (t, k) => (k === "length" ? 2 ** 53 - 1 : k) }));
//--- sort with numbers that are traps
Array.from({ length: 1e4 }, () => ({ valueOf() { for (;;) {} } })).sort((x, y) => x - y);
//--- a typed comparator that throws away
new Float64Array(1e6).sort(() => { throw 1; });
//--- json parse with a reviver that grows
JSON.parse('{"a":[1,2,3]}', function (k, v) { if (Array.isArray(this)) this.push({}, {}); return v; });
//--- json parse with a reviver that replaces
let n = 0; JSON.parse("[1,2,3]", function (k, v) { if (n++ < 1e6) this[1] = [1, [2, [3]]]; return v; });
//--- json parse of one long text
JSON.parse('"' + "\\u0061".repeat(1e7) + '"');
//--- json parse of one long number
JSON.parse("1" + "0".repeat(2e7));
//--- json stringify with a replacer that grows
JSON.stringify({ a: 1 }, function (k, v) { return { a: v, b: [v, v] }; });
//--- json stringify with a long indent list
JSON.stringify(Array.from({ length: 1e5 }, () => ({})), Array.from({ length: 1e5 }, (_, i) => "k" + i), 10);
//--- structured clone of something deep
let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; structuredClone(o);
//--- structured clone of getters
structuredClone({ get a() { return structuredClone(this); } });
//--- structured clone of a map that grows
const m = new Map([[1, 1]]); m.set(2, { get x() { for (;;) m.set({}, {}); } }); structuredClone(m);
//--- structured clone of a huge buffer, often
const b = new Uint8Array(1e7); const keep = []; for (;;) keep.push(structuredClone(b));
//--- a date far away
const d = new Date(8.64e15); for (let i = 0; i < 1e9; i++) { d.setMilliseconds(i * 1e12); d.toISOString; String(d); }
//--- a date out of text
Date.parse("2026-01-01T00:00:00" + ".".repeat(2e7)); Date.parse("9".repeat(2e7)); new Date("(".repeat(2e7));
//--- dates with traps
new Date({ [Symbol.toPrimitive]() { for (;;) {} } });
//--- buffers that share
const b = new ArrayBuffer(5e7); const keep = []; for (;;) keep.push(b.slice(0), new Uint8Array(b).subarray(1));
//--- a view that is set from itself
const a = new Uint8Array(4e7); for (;;) { a.set(a.subarray(1)); a.copyWithin(1, 0); a.reverse(); }
//--- a view filled by a trap
new Uint8Array(1e7).fill({ valueOf() { for (;;) {} } });
//--- views of every type
const keep = []; for (;;) for (const T of [Int8Array, Uint16Array, Float64Array, BigInt64Array]) keep.push(T.from({ length: 1e6 }, () => (T === BigInt64Array ? 1n : 1)));
//--- bigint power of powers
let n = 2n; for (;;) n = n ** 3n;
//--- bigint of text
BigInt("9".repeat(5e6));
//--- bigint as int n
BigInt.asIntN(2 ** 31, -1n); BigInt.asUintN(2 ** 53 - 1, -1n);
//--- bigint division
const a = (1n << 20000000n) - 1n; for (;;) a / 3n ** 1000000n;
//--- function constructor with many arguments
new Function(...Array.from({ length: 1e5 }, (_, i) => "a" + i), "for(;;){}");
//--- function constructor in a loop
for (let i = 0; ; i++) new Function("return " + i + ";" + "x".repeat(10000))();
//--- eval that declares
for (let i = 0; ; i++) (0, eval)("var v" + i + " = new Array(1000)");
//--- eval of itself
const s = "eval(s)"; globalThis.s = s; (0, eval)(s);
//--- tagged templates
function tag(strings) { keep.push(strings, strings.raw); return tag; } const keep = []; for (let i = 0; ; i++) eval("tag`" + "${1}a".repeat(1000) + "`");
//--- template of huge parts
const s = "x".repeat(2e7); for (;;) `${s}${s}${s}${s}`.length;
//--- pad and repeat
for (;;) "x".padStart(2 ** 28, "y".repeat(1000)).trimStart().at(-1);
//--- replace with a pattern of everything
"x".repeat(1e5).replace(/x/g, "$&$`$'".repeat(1000));
//--- replace with a function that nests
const r = (s, n) => s.replace(/./g, (m) => (n > 0 ? r(s, n - 1) : m)); r("abcdefgh", 20);
//--- split and join
let s = "a,b"; for (;;) s = s.split("").join(s);
//--- concat of ropes
let s = "a"; for (let i = 0; i < 1e6; i++) s = "b" + s + "c"; for (;;) s.charCodeAt(5);
//--- locale of a huge text
"\u0130".repeat(2e7).toLocaleLowerCase(); "ﬃ".repeat(2e7).toLocaleUpperCase();
//--- regular expression, linear engine
const r = /(?:(?:a|b|ab)*)*c/; for (;;) r.test("ab".repeat(1e6));
//--- regular expression, the engine that goes back
/^(?:(?=(\w+))\1\s?)*$/.test("x ".repeat(30) + "x".repeat(40) + "!"); /(?<a>x+x+)+y\k<a>/.test("x".repeat(40));
//--- regular expression with classes
new RegExp("[" + "a-z\\d\\w".repeat(1e5) + "]").test("a"); new RegExp("(?:" + "[^a]?".repeat(5000) + ")$").test("b".repeat(5000));
//--- regular expression compiled without end
for (let i = 0; ; i++) new RegExp("(?<n" + i + ">a{1,100}){1,100}");
//--- match all of everything
for (const m of "a".repeat(1e6).matchAll(/(?=(a*))/g)) { m[1] + m[1]; }
//--- a regular expression that is a trap
const r = /a/g; Object.defineProperty(r, "lastIndex", { value: 0, writable: false }); r.exec = function () { return { index: 0, 0: "", length: 1 }; }; "aaa".replace(r, "b");
//--- flags that are a trap
String.prototype.matchAll.call("a", { [Symbol.match]: true, get flags() { for (;;) {} } });
//--- a class that extends for ever
let C = class { }; for (;;) C = class extends C { static x = new Array(100).fill(C); };
//--- private members of many
class A { #x = new Array(1e4).fill(0); static keep = []; constructor() { A.keep.push(this); } } for (;;) new A();
//--- spread of everything
let a = [1, 2]; for (;;) a = [...a, ...a];
//--- arguments of everything
const f = (...a) => f(...a, ...a); f(1);
//--- flat map that doubles
let a = [1]; for (;;) a = a.flatMap((x) => [x, x]);
//--- object assign onto itself
const o = { a: {} }; for (let i = 0; ; i++) Object.assign(o, { ["k" + i]: { ...o } });
//--- from entries without end
Object.fromEntries({ [Symbol.iterator]: () => ({ next: () => ({ value: [Symbol(), 1], done: false }) }) });
//--- define properties of a million
const d = {}; for (let i = 0; i < 1e6; i++) d["k" + i] = { get() { return i; }, enumerable: true }; return Object.defineProperties({}, d);
//--- intervals that make intervals
const f = () => { setInterval(f, 0); }; f(); return new Promise(() => {});
//--- a microtask storm behind each timer
setInterval(() => { for (let i = 0; i < 1e5; i++) Promise.resolve().then(() => Promise.resolve()); }, 0); return new Promise((r) => setTimeout(r, 1e6, { a: 1 }));
//--- queue microtask of itself
const f = () => queueMicrotask(f); f(); return { a: 1 };
//--- unsettled async generators
const keep = []; async function* g() { yield new Array(1e4).fill(0); await new Promise(() => {}); } for (;;) { const x = g(); x.next(); x.next(); keep.push(x); }
//--- texts and their digests
return (async () => { for (;;) await crypto.subtle.digest("SHA-512", new Uint8Array(1e7)); })();
//--- digest of what is no data
return crypto.subtle.digest({ toString() { for (;;) {} }, get name() { for (;;) {} } }, new Proxy(new Uint8Array(1), {}));
//--- urls
for (;;) new URL("https://example.com/" + "a/../".repeat(1e5) + "?" + "a=b&".repeat(1e5)).searchParams.toString();
//--- a url that is a trap
new URL({ toString() { for (;;) {} } });
//--- base64 of everything
for (;;) atob(btoa("x".repeat(1e7))).length;
//--- random for ever
for (;;) { ctx.random(); ctx.uuid(); crypto.randomUUID(); crypto.getRandomValues(new Uint8Array(65536)); }
