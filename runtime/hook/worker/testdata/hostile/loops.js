//--- while true
while (true) {}
//--- for without end
for (;;) { Math.sqrt(2); }
//--- do with counting
let i = 0; do { i++; } while (i !== -1);
//--- catch and go on
for (;;) { try { throw new Error("x"); } catch { } finally { continue; } }
//--- finally that swallows
function f() { try { for (;;) {} } finally { return f(); } } return f();
//--- labelled
a: for (;;) { for (;;) { continue a; } }
//--- generator without end
function* g() { for (;;) yield 1; } for (const x of g()) { }
//--- spread of a generator
function* g() { for (;;) yield 1; } return [...g()];
//--- destructuring a generator
function* g() { for (;;) yield 1; } const [...all] = g(); return all;
//--- async loop
return (async () => { for (;;) await null; })();
//--- iterator that never ends
const it = { [Symbol.iterator]() { return { next: () => ({ done: false }), return: () => { for (;;) {} } }; } }; for (const x of it) { }
//--- getter that loops
return { get title() { for (;;) {} } };
//--- proxy that loops
return new Proxy({}, { ownKeys() { for (;;) {} } });
//--- proxy with endless keys
return new Proxy({}, { ownKeys() { return Array.from({ length: 1e6 }, (_, i) => "k" + i); }, getOwnPropertyDescriptor() { return { value: 1, enumerable: true, configurable: true }; } });
//--- sort with a looping comparator
[3, 1, 2].sort(() => { for (;;) {} });
//--- sort that never agrees
Array.from({ length: 1e5 }, (_, i) => i).sort(() => Math.random() - 0.5); for (;;) {}
//--- function constructor
new Function("for(;;){}")();
//--- eval
(0, eval)("for(;;){}");
//--- timers for ever
function again() { setTimeout(again, 0); } again(); return new Promise(() => {});
//--- microtasks for ever
function again() { Promise.resolve().then(again); } again(); return new Promise(() => {});
//--- sleep
return new Promise((r) => setTimeout(r, 1e9));
//--- bigint counter
let n = 1n; for (;;) n = n * 3n + 1n;
//--- date parse loop
for (;;) Date.parse("2026-01-01T00:00:00Z");
//--- json round trips
let o = { a: [1, 2, 3] }; for (;;) o = JSON.parse(JSON.stringify(o));
//--- module while true at the top
while (true) {}
export default { beforeWrite() {} };
//--- module slow import graph
const wait = Date.now; let n = 0; for (let i = 0; i < 1e9; i++) n += i;
export default { beforeWrite() { return { n }; } };
