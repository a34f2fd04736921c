//--- plain
function f() { return f(); } return f();
//--- with arguments
function f(...a) { return f(...a, 1); } return f();
//--- mutual
const a = () => b(), b = () => a(); a();
//--- catch and again
function f() { try { f(); } catch { f(); } } f();
//--- to string
const o = { toString() { return `${this}`; } }; return { x: String(o) };
//--- value of
const o = { valueOf() { return +this; } }; return { x: +o };
//--- getter
const o = { get x() { return this.x; } }; return { x: o.x };
//--- proxy of proxy
let p = {}; for (let i = 0; i < 1e6; i++) p = new Proxy(p, {}); return { x: p.x };
//--- prototype chain
let p = {}; for (let i = 0; i < 1e6; i++) p = Object.create(p); return { x: p.nothing };
//--- to json
const o = { toJSON() { return { o }; } }; return o;
//--- deep result
let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; return o;
//--- deep array result
let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return { a };
//--- deep json
return JSON.parse("[".repeat(5e6));
//--- deep json with a result
return { a: JSON.parse("[".repeat(9e3) + "]".repeat(9e3)) };
//--- replace callback
function f(s) { return s.replace(/./, f); } return { x: f("x") };
//--- sort callback
function f() { return [2, 1].sort(f), 1; } f();
//--- eval of deep source
eval("(".repeat(1e6) + ")".repeat(1e6));
//--- function of deep source
new Function("return " + "[".repeat(1e6) + "]".repeat(1e6));
//--- eval of a long sum
eval("1" + "+1".repeat(1e6));
//--- cause chain
let e = new Error("x"); for (let i = 0; i < 1e5; i++) e = new Error("x", { cause: e }); throw e;
//--- cycle as a result
const o = {}; o.o = o; return o;
