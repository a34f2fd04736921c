//--- never settles
return new Promise(() => {});
//--- await nothing
return (async () => { await new Promise(() => {}); })();
//--- a storm
return Promise.all(Array.from({ length: 1e6 }, () => new Promise((r) => setTimeout(r, 1))));
//--- a storm of jobs
for (let i = 0; i < 1e6; i++) Promise.resolve().then(() => { for (let j = 0; j < 1e3; j++); }); return new Promise(() => {});
//--- a chain
let p = Promise.resolve(); for (let i = 0; i < 1e6; i++) p = p.then(() => i); return p;
//--- a chain that grows
function f() { return Promise.resolve().then(f).then(f); } return f();
//--- race of many
return Promise.race(Array.from({ length: 1e6 }, () => new Promise(() => {})));
//--- unhandled rejections
for (let i = 0; i < 1e5; i++) Promise.reject(new Error("x".repeat(100))); return { a: 1 };
//--- reject late
return new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 20));
//--- goes on after the answer
(async () => { for (;;) await null; })(); return { a: 1 };
//--- timers after the answer
setInterval(() => { for (;;) {} }, 1); return { a: 1 };
//--- a million timers
for (let i = 0; i < 1e6; i++) setTimeout(() => {}, i); return { a: 1 };
//--- async generator
return (async () => { async function* g() { for (;;) yield 1; } for await (const x of g()) { } })();
//--- resolves with itself
const p = new Promise((r) => setTimeout(() => r(p), 1)); return p;
