//--- to json that loops
return { toJSON() { for (;;) {} } };
//--- to json of a proxy
return { a: new Proxy({}, { get(target, name) { if (name === "toJSON") for (;;) {} return 1; } }) };
//--- to json that gives another each time
let n = 0; const again = () => ({ n: n++, toJSON: again }); return { a: { toJSON: again } };
//--- to json that throws something hostile
return { a: { toJSON() { throw new Proxy({}, { get() { for (;;) {} } }); } } };
//--- to json that changes what is being written
const o = { a: 1, b: { toJSON() { for (let i = 0; i < 1e6; i++) o["k" + i] = i; return 1; } }, c: 2 }; return o;
//--- a getter that answers otherwise the second time
let n = 0; return { get a() { return n++ === 0 ? 1 : new Array(3e7).fill("x"); } };
//--- a getter that grows the list it is in
const a = [1]; Object.defineProperty(a, 0, { enumerable: true, get() { for (let i = 0; i < 1e4; i++) a.push({ get x() { a.push(1); return a; } }); return 1; } }); return { a };
//--- a list as long as can be
const a = []; a.length = 2 ** 32 - 1; return { a };
//--- a list with one element at its end
const a = []; a[2 ** 32 - 2] = 1; return { a };
//--- a list whose length lies
return { a: new Proxy([], { get(t, k) { return k === "length" ? 2 ** 32 - 1 : k === "toJSON" ? undefined : 1; } }) };
//--- a list whose length is endless
return { a: new Proxy([], { get(t, k) { return k === "length" ? Infinity : k === "toJSON" ? undefined : null; } }) };
//--- keys that never end
return { a: new Proxy({}, { ownKeys() { const keys = []; for (;;) keys.push("k" + keys.length); } }) };
//--- proxies all the way down
const deep = () => new Proxy({}, { ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }), get: (t, k) => (k === "a" ? deep() : undefined) }); return deep();
//--- a prototype that is a trap
return Object.create(new Proxy({}, { getPrototypeOf() { for (;;) {} }, get() { for (;;) {} }, has() { for (;;) {} } }));
//--- a prototype that never ends
return new Proxy({}, { getPrototypeOf(t) { return new Proxy(t, this); } }) instanceof Array;
//--- tag that loops
return { a: { get [Symbol.toStringTag]() { for (;;) {} } } };
//--- to primitive in a template
return { a: `${{ [Symbol.toPrimitive]() { for (;;) {} } }}` };
//--- to primitive that gives objects
const o = { [Symbol.toPrimitive]() { return o; } }; let n = 0; for (;;) try { n += +o; } catch { }
//--- stack that loops
const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;) {} } }); throw e;
//--- stack that is huge and looks true
const e = new Error("x"); e.stack = "Error: x\n" + "    at beforeWrite (hooks/t.js:1:1)\n".repeat(2e6); throw e;
//--- stack that is an object
const e = new Error("x"); e.stack = { toString() { for (;;) {} }, split() { for (;;) {} }, length: 1 }; throw e;
//--- message that is a trap
const e = new Error("x"); Object.defineProperty(e, "message", { get() { return new Proxy({}, { get() { for (;;) {} } }); } }); throw e;
//--- cause that never ends
const next = () => Object.defineProperty(new Error("x"), "cause", { get: next }); throw next();
//--- a constructor that is a trap
throw Object.create(Error.prototype, { constructor: { get() { for (;;) {} } }, name: { get() { for (;;) {} } } });
//--- aggregate of a million
throw new AggregateError(Array.from({ length: 1e6 }, (_, i) => new Error("x" + i)), "all of them");
//--- a throw in every microtask
for (let i = 0; i < 1e5; i++) Promise.resolve().then(() => { throw new Proxy({}, { get() { for (;;) {} } }); }); return { a: 1 };
//--- console of getters
const o = {}; for (let i = 0; i < 60; i++) Object.defineProperty(o, "g" + i, { enumerable: true, get() { return o; } }); for (;;) console.log(o);
//--- console of a wide tree
const wide = (n) => (n === 0 ? "x".repeat(5000) : Array.from({ length: 60 }, () => wide(n - 1))); console.log(wide(3)); const w = wide(3); for (let i = 0; i < 1e4; i++) console.log(w, w, w); return { a: 1 };
//--- console of maps that grow
const m = new Map(); m[Symbol.iterator] = function* () { for (;;) yield [m, m]; }; console.log(m); return { a: 1 };
//--- console of a list that lies
console.log(Object.assign(new Uint8Array(8), { slice() { for (;;) {} } }), new Proxy([1], { get() { for (;;) {} } })); return { a: 1 };
//--- console of an error that is a trap
const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;) {} } }); console.log(e); return { a: 1 };
//--- console of functions
console.log(Object.defineProperty(() => {}, "name", { get() { for (;;) {} } })); return { a: 1 };
//--- data with getters put in place
Object.defineProperty(write.data, "title", { enumerable: true, configurable: true, get() { for (;;) {} } });
//--- data that is replaced by what is read from it
for (const k of Object.keys(write.data)) { const v = write.data[k]; Object.defineProperty(write.data, k, { enumerable: true, get() { return { v, again: write.data }; } }); }
//--- an operation that answers with itself
return write;
//--- thenables without end
const t = () => ({ get then() { return (resolve) => resolve(t()); } }); return t();
//--- a then that is a getter on every object
Object.defineProperty(Object.prototype, "then", { configurable: true, get() { for (;;) {} } }); return { a: 1 };
//--- a then that answers for everybody
Object.prototype.then = function (resolve) { resolve(1); }; return (async () => ({ a: await ctx.db.collection("t").findOne({ id: "1" }) }))();
//--- a species of promises
class P extends Promise { static get [Symbol.species]() { for (;;) {} } } return new P((r) => r({ a: 1 })).then((x) => x);
//--- a promise with a constructor
const p = Promise.resolve({ a: 1 }); Object.defineProperty(p, "constructor", { get() { for (;;) {} } }); return p;
