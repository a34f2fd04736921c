// The part of the runtime that lives beside the user's code, in every global state. It is given
// `host`, the one native function, and keeps what it needs of the built-ins before user code can change
// them. Only texts, numbers and functions cross to Go: converting an object there would run user code
// where nothing guards it.
(function (host, names, userText, envText) {
  "use strict";
  const { parse, stringify } = JSON;
  const { create, defineProperty, freeze, keys } = Object;
  const { isArray } = Array;
  const NativePromise = Promise;
  const then = Function.prototype.call.bind(Promise.prototype.then);
  const tag = Function.prototype.call.bind(Object.prototype.toString);
  const getTime = Function.prototype.call.bind(Date.prototype.getTime);
  const DateOf = Date;
  const text = String;

  // What the native function does; the numbers are those of host.go.
  const SETTLE = 1, LOG = 2, ENQUEUE = 4, RANDOM = 5, UUID = 6, LOAD = 7;

  class Rejection extends Error {
    #own = true;
    constructor(code, message, details) {
      super(message);
      this.name = "Rejection";
      this.code = code;
      this.details = details;
    }
    static is(e) {
      return typeof e === "object" && e !== null && #own in e;
    }
  }
  const dropped = freeze({ dropped: true });
  const plainTags = ["[object Object]", "[object Date]"];

  // flaw names the first member that JSON would lose or change without a word; "" if there is none.
  function flaw(v, path, depth) {
    switch (typeof v) {
      case "string": case "boolean": case "undefined":
        return "";
      case "number":
        return v - v === 0 ? "" : path + " is " + v + ", which JSON cannot hold";
      case "object":
        break;
      case "bigint":
        return path + " is a bigint; use a number, or a string for what numbers cannot hold";
      default:
        return path + " is a " + typeof v;
    }
    if (v === null) return "";
    if (depth > 50) return path + " is nested too deep, or contains itself";
    if (isArray(v)) {
      for (let i = 0; i < v.length; i++) {
        const what = v[i] === undefined ? path + "[" + i + "] is undefined" : flaw(v[i], path + "[" + i + "]", depth + 1);
        if (what) return what;
      }
      return "";
    }
    const kind = tag(v);
    if (kind === plainTags[1]) return getTime(v) === getTime(v) ? "" : path + " is an invalid Date";
    if (kind !== plainTags[0]) return path + " is a " + kind.slice(8, -1) + (kind === "[object Promise]" ? "; was await forgotten?" : "");
    if (typeof v.toJSON === "function") return "";
    const own = keys(v);
    for (let i = 0; i < own.length; i++) {
      const m = v[own[i]];
      if (typeof m === "string") continue;
      const what = flaw(m, path + "." + own[i], depth + 1);
      if (what) return what;
    }
    return "";
  }

  function isObject(v) {
    return typeof v === "object" && v !== null && !isArray(v) && tag(v) === plainTags[0];
  }

  function named(v) {
    if (v === null) return "null";
    if (typeof v === "string") return v.length > 40 ? "a string" : stringify(v);
    if (typeof v !== "object") return typeof v === "function" || typeof v === "symbol" ? "a " + typeof v : text(v);
    const kind = tag(v).slice(8, -1);
    return kind === "Array" ? "a list" : kind === "Object" ? "an object" : "a " + kind;
  }

  // json gives the text of an argument of ctx; what it cannot hold is the caller's mistake.
  function json(v, path) {
    const what = flaw(v, path, 0);
    if (what) throw new TypeError(what);
    return stringify(v);
  }

  // The call that is going on. `fn` is its function's name.
  let current = { fn: "", droppedBecause: undefined };

  function only(what, ...fns) {
    if (!fns.includes(current.fn)) throw new TypeError(`${what} works only in ${fns.join(", ")}; this is ${current.fn || "the top level of a file"}`);
  }
  const everywhere = ["beforeWrite", "resolveConflict", "afterWrite", "beforeTransaction", "afterCommit"];

  function reject(code, message, details) {
    only("ctx.reject", "beforeWrite", "resolveConflict", "afterWrite", "beforeTransaction", "resolveUser");
    if (typeof code !== "string" || code === "" || code.length > 100) throw new TypeError("ctx.reject(code, message, details): code must be text of 1 to 100 characters");
    if (message !== undefined && typeof message !== "string") throw new TypeError("ctx.reject(code, message, details): message must be text");
    if (details !== undefined) json(details, "details");
    throw new Rejection(code, message === undefined ? code : message, details);
  }

  function drop(reason) {
    only("ctx.drop", "beforeWrite");
    if (reason !== undefined && typeof reason !== "string") throw new TypeError("ctx.drop(reason): reason must be text");
    current.droppedBecause = reason === undefined ? "" : reason;
    return dropped;
  }

  function enqueue(outbox, payload) {
    only("ctx.enqueue", ...everywhere);
    if (typeof outbox !== "string" || outbox === "") throw new TypeError("ctx.enqueue(outbox, payload): outbox must be the name of an outbox");
    if (payload === undefined) throw new TypeError("ctx.enqueue(outbox, payload): there is no payload");
    deliver(outbox, json(payload, "payload"));
  }
  let deliver = (outbox, payload) => host(ENQUEUE, outbox, payload);

  // ---- what is made when it is first used ----

  const library = {};
  function load(group) {
    return library[group] ||= host(LOAD, group)(host, api);
  }

  function log(level) {
    return (...parts) => {
      let line = "";
      for (let i = 0; i < parts.length; i++) line += (i ? " " : "") + (typeof parts[i] === "string" ? parts[i] : load("inspect").inspect(parts[i]));
      host(LOG, level, line);
    };
  }
  const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };

  const user = parse(userText);
  if (user !== null) {
    if (user.claims) freeze(user.claims);
    freeze(user);
  }
  const table = (name) => load("db").table(name);
  const shared = {
    db: freeze({ collection: table, table }),
    user, env: freeze(parse(envText)), reject, drop, enqueue,
    log: Object.assign(log("info"), logger),
    random: () => host(RANDOM), uuid: () => host(UUID),
    fetch: (...args) => load("fetch").fetch(...args),
  };

  for (let i = 0; i < names.length; i += 2) {
    const name = names[i], group = names[i + 1];
    defineProperty(globalThis, name, {
      configurable: true,
      get() { return load(group)[name]; },
      set(value) { defineProperty(globalThis, name, { value, writable: true, configurable: true }); },
    });
  }

  // ---- calls ----

  const invalid = (settle, what) => settle("invalid", what);

  // judge turns what the function returned into a result.
  const judge = {
    beforeWrite(out, write, settle) {
      if (out === dropped) return settle("dropped", current.droppedBecause);
      if (current.droppedBecause !== undefined) return invalid(settle, "ctx.drop was called, but what it returned was not returned: write `return ctx.drop(reason)`");
      if (out === undefined) return write.data === null ? settle("kept", "") : data("unchanged", write.data, settle, "write.data");
      if (out === write) return invalid(settle, "beforeWrite returned the whole write: return write.data");
      if (write.op === "DELETE") return invalid(settle, `beforeWrite returned ${named(out)} for a DELETE, which has no data: return nothing, or ctx.drop(reason)`);
      if (!isObject(out)) return invalid(settle, `beforeWrite returned ${named(out)}: return the data to write, nothing, or ctx.drop(reason)`);
      data("changed", out, settle, "data");
    },
    resolveConflict(out, conflict, settle) {
      if (out === "client" || out === "server") return settle(out, "");
      if (!isObject(out) || out === conflict) return invalid(settle, `resolveConflict returned ${out === conflict ? "the whole conflict" : named(out)}: return "client", "server" or the row's values`);
      data("values", out, settle, "values");
    },
    resolveUser(out, _, settle) {
      if (!isObject(out)) return invalid(settle, `resolveUser returned ${named(out)}: return {userId, claims}, or ctx.reject`);
      for (const name of keys(out)) {
        if (name !== "userId" && name !== "claims") return invalid(settle, `resolveUser returned {${name}}, which is not known: return {userId, claims}`);
      }
      if (typeof out.userId !== "string" || out.userId === "") return invalid(settle, `resolveUser returned userId ${named(out.userId)}: it must be text`);
      if (out.claims !== undefined && !isObject(out.claims)) return invalid(settle, `resolveUser returned claims ${named(out.claims)}: they must be an object`);
      data("resolved", out, settle, "user");
    },
  };
  const done = (out, argument, settle) => settle("done", "");
  judge.afterWrite = judge.afterCommit = judge.beforeTransaction = done;

  function data(kind, value, settle, path) {
    const what = flaw(value, path, 0);
    if (what) return invalid(settle, what);
    settle(kind, stringify(value));
  }

  // invoke calls one function of a hook file; `settle` is called once, now or when its promise settles.
  function invoke(hooks, fn, argumentText, now, deliveryId, settle) {
    current = { fn, droppedBecause: undefined };
    const f = hooks === null || typeof hooks !== "object" ? undefined : hooks[fn];
    if (typeof f !== "function") return settle("absent", "");
    const argument = parse(argumentText);
    const ctx = create(shared);
    ctx.now = new DateOf(now);
    if (deliveryId) ctx.deliveryId = deliveryId;
    const out = f.call(hooks, argument, ctx);
    if (typeof out === "object" && out !== null && typeof out.then === "function") {
      then(new NativePromise((resolve) => resolve(out)), (v) => judge[fn](v, argument, settle), (e) => fail(e, settle));
    } else {
      judge[fn](out, argument, settle);
    }
  }

  // fail tells why a call threw.
  function fail(e, settle) {
    if (Rejection.is(e)) return settle("rejected", e.details === undefined ? "" : stringify(e.details), text(e.code), text(e.message));
    let message, stack = "";
    try {
      message = describe(e, 0);
      if (typeof e === "object" && e !== null && typeof e.stack === "string") stack = e.stack;
    } catch {
      message = "It threw something that cannot be shown.";
    }
    settle("failed", message, stack, e);
  }

  function describe(e, depth) {
    if (!(e instanceof Error)) return "It threw " + load("inspect").inspect(e);
    let message = text(e.name) + (e.message === "" ? "" : ": " + text(e.message));
    if (e.code !== undefined && typeof e.code !== "object") message += " (" + text(e.code) + ")";
    if (e.cause !== undefined && depth < 3) message += "; caused by " + describe(e.cause, depth + 1);
    return message;
  }

  const settle = (kind, a, b, c) => host(SETTLE, kind, a, b, kind === "failed" ? undefined : c);
  let notice = () => {};
  const api = {
    load, logger, inspect: (v) => load("inspect").inspect(v), only, invoke, fail, flaw, named, isObject,
    // for tests
    observe(f) { notice = f; },
    simulate(world) {
      shared.user = world.user;
      shared.env = world.env;
      deliver = world.deliver;
    },
  };
  return {
    api,
    call: (files, file, fn, argument, now, deliveryId) => invoke(files[file]().default, fn, argument, now, deliveryId, settle),
    fail: (e) => { notice(e); fail(e, settle); },
  };
})
