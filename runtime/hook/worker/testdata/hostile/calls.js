//--- ten thousand calls, one after the other
return (async () => { let n = 0, code = ""; for (let i = 0; i < 1e4; i++) try { await ctx.db.collection("t").findOne({ id: "1" }); n++; } catch (e) { code = e.code; } return { n, code }; })();
//--- ten thousand calls at once
return Promise.allSettled(Array.from({ length: 1e4 }, () => ctx.db.collection("t").findOne({ id: "1" }))).then((all) => ({ n: all.filter((x) => x.status === "fulfilled").length }));
//--- calls of a context that was kept
globalThis.kept ??= ctx; return (async () => { for (let i = 0; i < 100; i++) try { await kept.db.collection("t").insertOne({ a: i }); } catch { } return { a: 1 }; })();
//--- calls from a timer after the answer
setInterval(() => ctx.db.collection("t").deleteOne({ id: "1" }), 0); return { a: 1 };
//--- calls from then, after the answer
let p = Promise.resolve(); for (let i = 0; i < 1e5; i++) p = p.then(() => ctx.db.collection("t").updateOne({ id: "1" }, { a: i })).catch(() => {}); return { a: 1 };
//--- effects after the answer
(async () => { for (;;) { await null; try { ctx.enqueue("crm", { a: "x".repeat(1e4) }); } catch { } } })(); return { a: 1 };
//--- a rejection after the answer
setTimeout(() => ctx.reject("LATE", "too late"), 0); return { a: 1 };
//--- a rejection that is caught, over and over
for (let i = 0; i < 1e5; i++) try { ctx.reject("A", "x".repeat(1e4), { i }); } catch { } return { a: 1 };
//--- a rejection that somebody forged
throw Object.assign(new Error("x"), { name: "Rejection", code: "FORGED", details: { toJSON() { for (;;) {} } } });
//--- a rejection out of another one
try { ctx.reject("A"); } catch (e) { e.code = { toString() { for (;;) {} } }; e.details = new Proxy({}, { ownKeys() { for (;;) {} } }); Object.defineProperty(e, "message", { get() { for (;;) {} } }); throw e; }
//--- effects as large as can be
for (let i = 0; i < 1000; i++) try { ctx.enqueue("crm", "x".repeat(65000)); } catch { } return { a: 1 };
//--- an effect with getters
ctx.enqueue("crm", { get a() { for (;;) {} } });
//--- an effect that grows while it is written
const o = { a: 1, toJSON() { for (let i = 0; i < 1e5; i++) ctx.enqueue("crm", { i }); return o; } }; ctx.enqueue("crm", o);
//--- an effect to a name that is none
ctx.enqueue("\u0000\ud800".repeat(1e6), 1);
//--- an effect of half a character
ctx.enqueue("crm", { a: "\ud800", "\udc00": 1 }); return { a: 1 };
//--- a filter that is a trap
return ctx.db.collection("t").find({ get a() { for (;;) {} } }, { limit: { valueOf() { for (;;) {} } }, sort: new Proxy({}, { ownKeys() { for (;;) {} } }) });
//--- a filter as deep as can be
let f = 1; for (let i = 0; i < 1e5; i++) f = { $eq: f }; return ctx.db.collection("t").find({ a: f });
//--- a document with every name that matters
return ctx.db.collection("t").insertOne(JSON.parse('{"__proto__":{"a":1},"constructor":1,"$where":"1","a.b":2,"":3,"_id":{"$gt":""}}'));
//--- a sort of everything
return ctx.db.collection("t").find({}, { sort: Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ["k" + i, 1])), fields: Array.from({ length: 1e5 }, (_, i) => "k" + i) });
//--- numbers that are none
return ctx.db.collection("t").find({}, { limit: 2 ** 53, skip: -1 });
//--- a skip beyond the end of the world
return ctx.db.collection("t").find({}, { limit: Number.MAX_SAFE_INTEGER, skip: Number.MAX_SAFE_INTEGER });
//--- a table with a long name
return ctx.db.collection("t".repeat(1e7)).find({});
//--- a table with the name of a member
return Promise.allSettled(["__proto__", "constructor", "toString", "hasOwnProperty"].map((n) => ctx.db.collection(n).findOne({}))).then((all) => ({ a: JSON.stringify(all).slice(0, 1000) }));
//--- answers that are changed
return (async () => { const rows = await ctx.db.collection("t").find({}); for (let i = 0; ; i++) rows.push(structuredClone(rows)); })();
//--- the pipe by its number
return { a: ["fd", "send", "write", "host", "native", "__host", "__native", "postMessage", "Deno", "Bun", "std", "os", "scriptArgs", "print", "load", "quit"].filter((n) => typeof globalThis[n] !== "undefined").join() };
//--- the runtime's own functions, by their callers
const seen = [], { apply } = Reflect; for (const k of ["call", "apply", "bind"]) { const was = Function.prototype[k]; Function.prototype[k] = function (...a) { if (seen.length < 1000) seen[seen.length] = k + " " + this + " " + a; return apply(was, this, a); }; } ctx.log({ a: new Map([[1, 2]]) }); structuredClone(new Date()); return { a: seen.join("\n").slice(0, 10000) };
//--- the runtime's own lists, by array methods
const seen = []; for (const k of Object.getOwnPropertyNames(Array.prototype)) { const was = Array.prototype[k]; if (typeof was === "function" && k !== "constructor") Array.prototype[k] = function (...a) { if (seen.length < 1000) seen[seen.length] = k + typeof this; return Reflect.apply(was, this, a); }; } console.log({ a: [1, { b: 2 }] }); try { ctx.db.collection("t").find({ a: { $in: [1] } }); } catch { } return { a: "" + seen.length };
//--- the runtime's own objects, by what they lack
const seen = []; for (const k of ["value", "error", "get", "set", "enumerable", "code", "details", "limit", "table", "settle", "fn"]) Object.defineProperty(Object.prototype, k, { __proto__: null, configurable: true, get() { seen.push(k, Object.keys(this).join()); return undefined; }, set(v) { Object.defineProperty(this, k, { __proto__: null, value: v, writable: true, enumerable: true, configurable: true }); } }); return (async () => { await ctx.db.collection("t").findOne({ id: "1" }); ctx.enqueue("crm", {}); return { a: seen.join().slice(0, 10000) }; })();
//--- error frames of our own files
try { ctx.enqueue("crm", { toJSON() { throw new Error("inside"); } }); } catch (e) { return { a: String(e.stack).slice(0, 5000) }; }
//--- what the stack limit leaves half done
let deepest = 0; const dig = (n) => { deepest = n; try { ctx.db.collection("t").findOne({ id: "1" }); structuredClone({ n }); } catch { } dig(n + 1); }; try { dig(0); } catch { } ctx.log.info(deepest); return { a: deepest };
//--- a module that loads again
for (let i = 0; i < 1e6; i++) { globalThis["URL"]; globalThis["Buffer"]; globalThis["fetch"]; ctx.log; ctx.db; ctx.env; ctx.user; ctx.now; } return { a: 1 };
//--- a context that is a prototype
const o = Object.create(ctx); for (let i = 0; i < 1e5; i++) { o["k" + i] = i; o.nothing; "x" in o; } return { a: Object.keys(ctx).join() };
//--- the arguments frozen, sealed and without a prototype
Object.setPrototypeOf(write, new Proxy({}, { get() { for (;;) {} } })); Object.freeze(write); Object.seal(write.data); return undefined;
//--- module a getter as an export
export default { get beforeWrite() { for (;;) {} } };
//--- module a proxy as an export
export default new Proxy({}, { get() { for (;;) {} }, has() { for (;;) {} }, ownKeys() { for (;;) {} } });
//--- module an export that changes
let n = 0; export default { get beforeWrite() { return n++ === 0 ? () => ({ a: 1 }) : 42; } };
//--- module an export that is a promise
export default Promise.resolve({ beforeWrite() { for (;;) {} } });
//--- module a function that is a bound proxy
export default { beforeWrite: new Proxy(function () {}.bind(null), { apply() { for (;;) {} } }) };
//--- module timers at the top
setInterval(() => { for (;;) {} }, 0); queueMicrotask(() => { for (;;) {} });
export default { beforeWrite() { return { a: 1 }; } };
//--- module a rejection at the top
Promise.reject(new Proxy({}, { get() { for (;;) {} } }));
export default { beforeWrite() { return { a: 1 }; } };
//--- module json of traps at the top
globalThis.toJSON = () => { for (;;) {} }; Object.prototype.toJSON = () => { for (;;) {} };
export default { beforeWrite() { return { a: 1 }; } };
