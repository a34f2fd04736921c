//--- array buffer
new ArrayBuffer(8e9);
//--- a hundred buffers
const a = []; for (;;) a.push(new ArrayBuffer(10e6));
//--- push
const a = []; for (;;) a.push(1);
//--- push objects
const a = []; for (;;) a.push({ a: 1, b: "x" });
//--- string doubling
let s = "x"; for (;;) s += s;
//--- string doubling, flat
let s = "x"; for (;;) { s += s; s.indexOf("y"); }
//--- repeat
"x".repeat(2 ** 40);
//--- repeat often
const a = []; for (let i = 0; ; i++) a.push("x".repeat(1e6) + i);
//--- template nesting
let s = "x"; for (;;) s = `${s}${s}${s}`;
//--- replace amplification
let s = "a".repeat(1000); for (;;) s = s.replace(/a/g, "$`$'");
//--- closures
let f = () => 1; for (;;) { const g = f; const big = new Array(100).fill(1); f = () => g() + big.length; }
//--- keys
const o = {}; for (let i = 0; ; i++) o["key" + i] = i;
//--- symbols
const o = {}; for (;;) o[Symbol()] = 1;
//--- map
const m = new Map(); for (let i = 0; ; i++) m.set(i, "x" + i);
//--- set
const m = new Set(); for (let i = 0; ; i++) m.add("x" + i);
//--- weak map
const m = new WeakMap(), keep = []; for (;;) { const k = {}; keep.push(k); m.set(k, keep); }
//--- typed arrays
const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));
//--- nested arrays
let a = []; for (;;) a = [a, a];
//--- bigints
const a = []; for (let n = 1n; ; n <<= 64n) a.push(n);
//--- errors with stacks
const a = []; for (;;) a.push(new Error("x"));
//--- generators
const a = []; function* g() { yield new Array(1000); } for (;;) { const x = g(); x.next(); a.push(x); }
//--- species
class A extends Array { static get [Symbol.species]() { return function () { return new Proxy([], { defineProperty() { keep.push(new Array(1e5).fill(0)); return true; } }); }; } }
const keep = []; const a = A.from({ length: 1e6 }); for (;;) a.map((x) => x);
//--- global that grows
globalThis.keep = globalThis.keep || []; for (;;) globalThis.keep.push(new Array(1e4).fill(0));
//--- text encoder
const a = []; for (;;) a.push(new TextEncoder().encode("x".repeat(1e6)));
//--- bind chain
let f = function () { }; for (;;) f = f.bind(null, 1, 2, 3);
//--- getters
const o = {}; for (let i = 0; ; i++) Object.defineProperty(o, "g" + i, { get() { return i; }, enumerable: true });
