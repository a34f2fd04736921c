//--- pollute object
Object.prototype.polluted = "yes"; return { a: 1 };
//--- pollute by json
return JSON.parse('{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}');
//--- replace json
JSON.stringify = () => '{"forged":true}'; JSON.parse = () => { for (;;) {} }; return { a: 1 };
//--- replace array methods
for (const k of ["map", "push", "forEach", "join", "slice"]) Array.prototype[k] = () => { for (;;) {} }; return { a: [1] };
//--- replace promise
globalThis.Promise = function () { for (;;) {} }; return { a: 1 };
//--- replace then
Promise.prototype.then = function () { for (;;) {} }; return Promise.resolve({ a: 1 });
//--- thenable that loops
return { then(resolve) { for (;;) {} } };
//--- thenable that answers twice
return { then(resolve, reject) { resolve({ a: 1 }); resolve({ a: 2 }); reject(new Error("x")); } };
//--- thenable of thenables
const t = { then(r) { r(t); } }; return t;
//--- replace error
globalThis.Error = class { constructor() { for (;;) {} } }; null.x;
//--- error with a looping message
throw { get message() { for (;;) {} }, get stack() { for (;;) {} }, toString() { for (;;) {} } };
//--- error with a looping name
const e = new Error("x"); Object.defineProperty(e, "name", { get() { for (;;) {} } }); throw e;
//--- error of a proxy
throw new Proxy(new Error("x"), { get() { for (;;) {} }, getPrototypeOf() { for (;;) {} }, has() { for (;;) {} } });
//--- error of a revoked proxy
const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;
//--- result of a revoked proxy
const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy;
//--- has instance
Object.defineProperty(Object, Symbol.hasInstance, { value() { for (;;) {} } }); return { a: 1 };
//--- to primitive
return { a: { [Symbol.toPrimitive]() { for (;;) {} }, toJSON() { for (;;) {} } } };
//--- freeze everything
for (const k of Object.getOwnPropertyNames(globalThis)) try { Object.freeze(globalThis[k]); Object.freeze(globalThis[k].prototype); } catch { } return { a: 1 };
//--- delete everything
for (const k of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[k]; } catch { } return { a: 1 };
//--- change the arguments
write.old = null; write.id = "other"; write.table = "other"; Object.defineProperty(write, "data", { get() { for (;;) {} } }); return write.data;
//--- change the context
for (const k of Object.getOwnPropertyNames(ctx)) try { ctx[k] = () => { for (;;) {} }; } catch { } return { a: 1 };
//--- symbols of arrays
Object.defineProperty(Array.prototype, Symbol.iterator, { value: function* () { for (;;) yield 1; } }); return { a: [...[1]] };
//--- setter on the prototype
Object.defineProperty(Object.prototype, "title", { set() { for (;;) {} }, get() { return "x"; } }); return { ...write.data };
