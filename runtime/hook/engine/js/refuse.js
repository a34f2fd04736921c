// ctx.reject, ctx.drop, ctx.enqueue, and why a call threw.
(function (host, api) {
  "use strict";
  const ENQUEUE = 4;
  const { call } = api;
  const { stringify } = JSON;
  const transaction = ["beforeWrite", "resolveConflict", "afterWrite", "beforeTransaction"];

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

  // only throws where the function that runs may not do it.
  function only(what, ...fns) {
    if (!fns.includes(call.fn)) throw new TypeError(`${what} works only in ${fns.join(", ")}; this is ${call.fn || "the top level of a file"}`);
  }

  // json gives the text of an argument of ctx; what it cannot hold is the caller's mistake.
  function json(v, path) {
    const what = api.flaw(v, path, 0);
    if (what) throw new TypeError(what);
    return stringify(v);
  }

  function reject(code, message, details) {
    only("ctx.reject", ...transaction, "resolveUser");
    if (typeof code !== "string" || code === "" || code.length > 100) throw new TypeError("ctx.reject(code, message, details): code must be text of 1 to 100 characters");
    if (message !== undefined && typeof message !== "string") throw new TypeError("ctx.reject(code, message, details): message must be text");
    if (details !== undefined && json(details, "details").length > 16384) throw new TypeError("ctx.reject(code, message, details): details have at most 16384 characters of JSON");
    throw new Rejection(code, message === undefined ? code : message, details);
  }

  function drop(reason) {
    only("ctx.drop", "beforeWrite");
    if (reason !== undefined && typeof reason !== "string") throw new TypeError("ctx.drop(reason): reason must be text");
    call.reason = reason === undefined ? "" : reason;
    return call.dropped = Object.freeze({ dropped: true });
  }

  let deliver = (outbox, payload) => host(ENQUEUE, outbox, payload);
  function enqueue(outbox, payload) {
    only("ctx.enqueue", ...transaction, "afterCommit");
    if (typeof outbox !== "string" || outbox === "") throw new TypeError("ctx.enqueue(outbox, payload): outbox must be the name of an outbox");
    if (payload === undefined) throw new TypeError("ctx.enqueue(outbox, payload): there is no payload");
    deliver(outbox, json(payload, "payload"));
  }

  function fail(e, settle) {
    let message = "It threw something that cannot be shown.", stack = "";
    try { // what was thrown may have getters that throw, also a rejection that code has laid hands on
      if (Rejection.is(e)) return settle("rejected", e.details === undefined ? "" : stringify(e.details), String(e.code), String(e.message));
      message = describe(e, 0);
      if (typeof e === "object" && e !== null && typeof e.stack === "string") stack = e.stack;
    } catch {}
    settle("failed", message, stack, e);
  }

  function describe(e, depth) {
    if (!(e instanceof Error)) return "It threw " + api.load("inspect").inspect(e);
    let message = String(e.name) + (e.message === "" ? "" : ": " + String(e.message));
    if (e.code !== undefined && typeof e.code !== "object") message += " (" + String(e.code) + ")";
    if (e.cause !== undefined && depth < 3) message += "; caused by " + describe(e.cause, depth + 1);
    return message;
  }

  let notice = () => {};
  return {
    reject, drop, enqueue, only, transaction, fail,
    thrown(e) { notice(e); fail(e, api.settled); },
    observe(f) { notice = f; }, // for tests
    deliverTo(f) { deliver = f; },
  };
})
