//--- a huge text
return { title: "x".repeat(3e6) };
//--- a huger text
return { title: "x".repeat(6e7) };
//--- many keys
const o = {}; for (let i = 0; i < 3e5; i++) o["k" + i] = i; return o;
//--- a huge array
return { a: new Array(3e6).fill(1) };
//--- many logs
for (let i = 0; i < 1e6; i++) ctx.log.info("line " + i); return { a: 1 };
//--- one huge log
ctx.log.info("x".repeat(5e7)); return { a: 1 };
//--- console of something cyclic
const o = { a: [] }; o.a.push(o, o); for (let i = 0; i < 1000; i++) console.log(o, o, o); return { a: 1 };
//--- console of a trap
console.log(new Proxy({}, { ownKeys() { for (;;) {} }, get() { for (;;) {} } })); return { a: 1 };
//--- log in control characters
ctx.log.info("\u001b[2J\u0000\r\n\u202e"); console.error("\x1b]0;owned\x07"); return { a: 1 };
//--- a huge rejection
ctx.reject("CODE".repeat(1e6), "x".repeat(5e6), { a: "y".repeat(5e6) });
//--- a rejection that traps
ctx.reject({ toString() { for (;;) {} } }, { get message() { for (;;) {} } }, new Proxy({}, { ownKeys() { for (;;) {} } }));
//--- a huge error
throw new Error("x".repeat(5e7));
//--- an error with a forged stack
const e = new Error("x"); e.stack = "at ".repeat(1e6); throw e;
//--- a thrown function
throw function () { for (;;) {} };
//--- nonsense
return 42;
//--- a symbol
return { a: Symbol("x") };
//--- a function
return { a() { for (;;) {} } };
//--- a bigint
return { a: 10n ** 100n };
//--- not a number
return { a: NaN, b: -0, c: Infinity, d: undefined };
//--- lone surrogates
return { a: "\ud800", ["\udfff"]: "x" };
//--- odd names
return { $set: { a: 1 }, "a.b": 1, "": 2, "\u0000": 3, __proto__: null };
//--- many effects
for (let i = 0; i < 1e6; i++) ctx.enqueue("crm", { i }); return { a: 1 };
//--- a huge effect
ctx.enqueue("crm", { a: "x".repeat(5e7) }); return { a: 1 };
//--- a dropped operation with a huge reason
ctx.drop("x".repeat(5e7));
//--- a date that is none
return { a: new Date(NaN), b: new Date(8.64e15) };
