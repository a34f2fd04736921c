// Values as text for logs: short, one line, never the user's own toString.
(function () {
  "use strict";
  const { keys } = Object;
  const tag = Function.prototype.call.bind(Object.prototype.toString);
  const iso = Function.prototype.call.bind(Date.prototype.toISOString);
  const { isArray } = Array;
  const { stringify } = JSON;
  const maxDepth = 4, maxMembers = 50, maxText = 4096;

  function list(open, close, parts, more) {
    if (more > 0) parts.push("... " + more + " more");
    return parts.length === 0 ? open + close : open + " " + parts.join(", ") + " " + close;
  }

  // Looking at a value may run code of the user's: a getter, a proxy. What throws there must not fail the write that is logged.
  function attempt(f) {
    try { return f(); } catch { return "[cannot be shown]"; }
  }

  function show(v, depth, seen) {
    switch (typeof v) {
      case "string": return stringify(v.length > maxText ? v.slice(0, maxText) + "..." : v);
      case "bigint": return v + "n";
      case "symbol": return v.toString();
      case "function": return "[function" + (typeof v.name === "string" && v.name ? " " + v.name : "") + "]";
      case "object": break;
      default: return Object.is(v, -0) ? "-0" : "" + v;
    }
    if (v === null) return "null";
    if (seen.includes(v)) return "[circular]";
    if (depth > maxDepth) return isArray(v) ? "[...]" : "{...}";
    const next = [...seen, v], each = (x) => attempt(() => show(x, depth + 1, next));
    if (isArray(v)) return list("[", "]", v.slice(0, maxMembers).map(each), v.length - maxMembers);
    const kind = tag(v).slice(8, -1);
    switch (kind) {
      case "Error": return typeof v.stack === "string" ? v.stack.trimEnd() : v.name + ": " + v.message;
      case "Date": try { return iso(v); } catch { return "Invalid Date"; }
      case "RegExp": return "/" + v.source + "/" + v.flags;
      case "Map": return "Map" + list("(" + v.size + ") {", "}", [...v].slice(0, maxMembers).map(([k, x]) => each(k) + " => " + each(x)), v.size - maxMembers);
      case "Set": return "Set" + list("(" + v.size + ") {", "}", [...v].slice(0, maxMembers).map(each), v.size - maxMembers);
      case "Promise": return "[promise]";
    }
    if (ArrayBuffer.isView(v) && v.length !== undefined) return kind + list("(" + v.length + ") [", "]", Array.from(v.slice(0, maxMembers), each), v.length - maxMembers);
    const names = keys(v), made = v.constructor;
    const prefix = typeof made === "function" && made !== Object && typeof made.name === "string" && made.name ? made.name + " " : kind !== "Object" ? kind + " " : "";
    return prefix + list("{", "}", names.slice(0, maxMembers).map((k) => (/^[A-Za-z_$][\w$]*$/.test(k) ? k : stringify(k)) + ": " + attempt(() => show(v[k], depth + 1, next))), names.length - maxMembers);
  }
  return { inspect: (v) => attempt(() => show(v, 0, [])) };
})
