// The part of the runtime that lives beside the user's code, in every global state: it calls hooks, and
// judges what they return. It is given `host`, the one native function, and keeps what it needs of the
// built-ins before user code can change them. Making functions is what a fresh global state costs, so
// whatever not every call needs is in a script of its own, which `load` runs when it is first used.
(function (host, ctx, names) {
  "use strict";
  const { stringify } = JSON;
  const { keys, getPrototypeOf, freeze } = Object;
  const { isArray } = Array;
  const plain = getPrototypeOf({});

  // What the native function does; the numbers are those of host.go.
  const SETTLE = 1, LOAD = 7, PLAIN = 8;

  const library = { __proto__: null };
  function load(group) {
    return library[group] ||= host(LOAD, group)(host, api);
  }

  // flaw names the first member that JSON would lose or change without a word; "" if there is none.
  function flaw(v, path, depth) {
    switch (typeof v) {
      case "string": case "boolean": case "undefined":
        return "";
      case "number":
        return v - v === 0 ? "" : path + " is " + v + ", which JSON cannot hold";
      case "object":
        break;
      default:
        return load("judge").strange(v, path);
    }
    if (v === null) return "";
    if (depth > 50) return path + " is nested too deep, or contains itself";
    if (isArray(v)) {
      for (let i = 0; i < v.length; i++) {
        if (typeof v[i] === "string") continue; // no path is spelt for what cannot be wrong
        const what = v[i] === undefined ? path + "[" + i + "] is undefined" : flaw(v[i], path + "[" + i + "]", depth + 1);
        if (what) return what;
      }
      return "";
    }
    if (getPrototypeOf(v) !== plain) {
      const what = load("judge").strange(v, path);
      if (what !== undefined) return what;
    }
    if (typeof v.toJSON === "function") return "";
    const own = keys(v);
    for (let i = 0; i < own.length; i++) {
      const m = v[own[i]], kind = typeof m;
      if (kind === "string" || m === null || kind === "boolean" || (kind === "number" && m - m === 0)) continue;
      const what = flaw(m, path + "." + own[i], depth + 1);
      if (what) return what;
    }
    return "";
  }

  // The call that is going on: its function's name, and what ctx.drop gave.
  const call = { fn: "", dropped: undefined, reason: "" };

  function settled(kind, a, b, c) {
    host(SETTLE, kind, a, b, kind === "failed" ? undefined : c);
  }

  function data(kind, value, settle, path) {
    const text = host(PLAIN, value);
    if (text !== undefined) return settle(kind, text);
    const what = flaw(value, path, 0);
    if (what) settle("invalid", what);
    else settle(kind, stringify(value));
  }

  function judge(out, argument, settle) {
    if (call.fn === "beforeWrite" && out !== call.dropped && out !== argument && typeof out === "object" && out !== null && getPrototypeOf(out) === plain && argument.op !== "DELETE" && call.dropped === undefined) {
      return data("changed", out, settle, "data"); // what most calls come to
    }
    load("judge").judge(call, out, argument, settle, data);
  }

  // invoke calls one function of a hook file; `settle` is called once, now or when its promise settles.
  function invoke(hooks, fn, argument, settle) {
    call.fn = fn;
    call.dropped = undefined;
    const f = hooks === null || typeof hooks !== "object" ? undefined : hooks[fn];
    if (typeof f !== "function") return settle("absent", "");
    const out = f.call(hooks, argument, ctx);
    if (typeof out === "object" && out !== null && typeof out.then === "function") load("later").later(out, argument, settle, judge);
    else judge(out, argument, settle);
  }

  const api = { load, flaw, call, invoke, settled };
  for (let i = 0; i < names.length; i += 2) load("lazy").define(names[i], names[i + 1]);
  return { api, freeze, plain, call: (files, file, fn, argument) => invoke(files[file]().default, fn, argument, settled) };
})
