// What functions may return, and what is wrong with what they did return.
(function (host, api) {
  "use strict";
  const { keys } = Object;
  const { isArray } = Array;
  const tag = Function.prototype.call.bind(Object.prototype.toString);
  const getTime = Function.prototype.call.bind(Date.prototype.getTime);

  function isObject(v) {
    return typeof v === "object" && v !== null && !isArray(v) && tag(v) === "[object Object]";
  }

  function named(v) {
    if (v === null) return "null";
    if (typeof v === "string") return v.length > 40 ? "a string" : JSON.stringify(v);
    if (typeof v !== "object") return typeof v === "function" || typeof v === "symbol" ? "a " + typeof v : String(v);
    const kind = tag(v).slice(8, -1);
    return kind === "Array" ? "a list" : kind === "Object" ? "an object" : "a " + kind;
  }

  // strange is the part of flaw for what is no plain object; undefined: it has members like one.
  function strange(v, path) {
    if (typeof v === "bigint") return path + " is a bigint; use a number, or a string for what numbers cannot hold";
    if (typeof v !== "object") return path + " is a " + typeof v;
    const kind = tag(v);
    if (kind === "[object Object]") return undefined;
    if (kind === "[object Date]") return getTime(v) === getTime(v) ? "" : path + " is an invalid Date";
    return path + " is a " + kind.slice(8, -1) + (kind === "[object Promise]" ? "; was await forgotten?" : "");
  }

  const judges = {
    beforeWrite(call, out, write, invalid, settle, data) {
      if (call.dropped !== undefined) {
        if (out === call.dropped) return settle("dropped", call.reason);
        return invalid("ctx.drop was called, but what it returned was not returned: write `return ctx.drop(reason)`");
      }
      if (out === undefined) return write.data === null ? settle("kept", "") : data("unchanged", write.data, settle, "write.data");
      if (out === write) return invalid("beforeWrite returned the whole write: return write.data");
      if (write.op === "DELETE") return invalid(`beforeWrite returned ${named(out)} for a DELETE, which has no data: return nothing, or ctx.drop(reason)`);
      if (!isObject(out)) return invalid(`beforeWrite returned ${named(out)}: return the data to write, nothing, or ctx.drop(reason)`);
      data("changed", out, settle, "data");
    },
    resolveConflict(call, out, conflict, invalid, settle, data) {
      if (out === "client" || out === "server") return settle(out, "");
      if (!isObject(out) || out === conflict) return invalid(`resolveConflict returned ${out === conflict ? "the whole conflict" : named(out)}: return "client", "server" or the row's values`);
      data("values", out, settle, "values");
    },
    resolveUser(call, out, identity, invalid, settle, data) {
      if (!isObject(out)) return invalid(`resolveUser returned ${named(out)}: return {userId, claims}, or ctx.reject`);
      for (const name of keys(out)) {
        if (name !== "userId" && name !== "claims") return invalid(`resolveUser returned {${name}}, which is not known: return {userId, claims}`);
      }
      if (typeof out.userId !== "string" || out.userId === "") return invalid(`resolveUser returned userId ${named(out.userId)}: it must be text`);
      if (out.claims !== undefined && !isObject(out.claims)) return invalid(`resolveUser returned claims ${named(out.claims)}: they must be an object`);
      data("resolved", out, settle, "user");
    },
  };

  return {
    isObject, named, strange,
    judge(call, out, argument, settle, data) {
      const one = judges[call.fn];
      if (one === undefined) settle("done", ""); // what the others return is ignored
      else one(call, out, argument, (what) => settle("invalid", what), settle, data);
    },
  };
})
