// test, expect and run: the globals of test files.
(function (host, api) {
  "use strict";
  const DECLARE = 20, EXPECTED = 21;
  const { stringify } = JSON;
  const { inspect } = api.load("inspect");
  const { isObject } = api.load("judge");
  const { fail: tell, observe } = api.load("refuse");
  const tag = Function.prototype.call.bind(Object.prototype.toString);
  const tests = [];

  function test(name, fn) {
    if (typeof name !== "string" || name === "" || typeof fn !== "function") throw new TypeError("test(name, run): name must be text and run a function");
    if (current >= 0) throw new TypeError("test: a test cannot declare tests");
    if (tests.some((t) => t.name === name)) throw new TypeError(`test: there are two tests named ${stringify(name)}`);
    tests.push({ name, fn });
    host(DECLARE, name);
  }

  // ---- expect ----

  class ExpectationError extends Error {
    constructor(matcher, expected, received) {
      super(`expect(${received}).${matcher}(${expected})`);
      this.name = "ExpectationError";
      this.matcher = matcher;
      this.expected = expected;
      this.received = received;
    }
  }

  // equal compares values; with `part`, a may have members that b has not.
  function equal(a, b, part, depth = 0) {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || depth > 100) return false;
    const kind = tag(a);
    if (kind !== tag(b)) return false;
    const each = (x, y) => equal(x, y, part, depth + 1);
    if (Array.isArray(a) || ArrayBuffer.isView(a)) return a.length === b.length && Array.from(a).every((x, i) => each(x, b[i]));
    switch (kind) {
      case "[object Date]": return Object.is(a.getTime(), b.getTime());
      case "[object RegExp]": return String(a) === String(b);
      case "[object Error]": return a.name === b.name && a.message === b.message;
      case "[object Set]": return a.size === b.size && [...a].every((x) => [...b].some((y) => equal(x, y, false, depth + 1)));
      case "[object Map]": return a.size === b.size && [...a].every(([k, x]) => b.has(k) && each(x, b.get(k)));
    }
    const names = (o) => Object.keys(o).filter((k) => o[k] !== undefined);
    return names(b).every((k) => Object.hasOwn(a, k) && each(a[k], b[k])) && (part || names(a).every((k) => b[k] !== undefined));
  }

  function threw(fn, expected, already) {
    let e;
    if (already) e = fn;
    else {
      if (typeof fn !== "function") throw new TypeError("expect(fn).toThrow(): fn must be a function; for a promise write `await expect(promise).rejects.toThrow()`");
      try { fn(); } catch (x) { e = x; already = true; }
    }
    if (!already) return [false, expected === undefined ? "" : describe(expected), "it did not throw"];
    const message = e instanceof Error ? String(e.message) : String(e);
    const code = isObject(e) || e instanceof Error ? String(e.code) : "";
    const ok = expected === undefined || (typeof expected === "string" ? message.includes(expected) || code === expected
      : tag(expected) === "[object RegExp]" ? expected.test(message)
      : typeof expected === "function" ? e instanceof expected : equal(e, expected, true));
    return [ok, expected === undefined ? "" : describe(expected), e instanceof Error ? e.name + ": " + message : inspect(e)];
  }
  const describe = (v) => (typeof v === "function" && v.name ? v.name : inspect(v));

  // Each matcher gives: does it hold, expected, received (both as text).
  const two = (holds) => (v, expected) => [holds(v, expected), inspect(expected), inspect(v)];
  const one = (holds) => (v) => [holds(v), "", inspect(v)];
  const matchers = {
    toBe: two(Object.is),
    toEqual: two((v, e) => equal(v, e, false)),
    toMatchObject: two((v, e) => equal(v, e, true)),
    toContain: two((v, e) => (typeof v === "string" ? v.includes(e) : v != null && typeof v[Symbol.iterator] === "function" && [...v].some((x) => equal(x, e, false)))),
    toHaveLength: two((v, e) => v != null && v.length === e),
    toBeGreaterThan: two((v, e) => v > e),
    toBeLessThan: two((v, e) => v < e),
    toBeNull: one((v) => v === null),
    toBeUndefined: one((v) => v === undefined),
    toBeDefined: one((v) => v !== undefined),
    toBeTruthy: one((v) => Boolean(v)),
    toBeFalsy: one((v) => !v),
    toThrow: threw,
  };

  function check(name, negate, v, args, already) {
    const [holds, expected, received] = matchers[name](v, args[0], already);
    if (holds === negate) throw new ExpectationError((negate ? "not." : "") + name, expected, received);
  }

  function expectation(v, negate) {
    const all = {};
    for (const name of Object.keys(matchers)) all[name] = (...args) => check(name, negate, v, args, false);
    return all;
  }

  function rejection(v, negate) {
    const all = {};
    for (const name of Object.keys(matchers)) {
      all[name] = (...args) => {
        const missing = new ExpectationError("rejects." + name, args.length ? describe(args[0]) : "", ""); // has the stack of the test
        return Promise.resolve(v).then(
          (value) => { missing.received = "resolved with " + inspect(value); missing.message = "the promise " + missing.received; throw missing; },
          (reason) => {
            const [holds, expected, received] = matchers[name](reason, args[0], true);
            if (holds !== negate) return;
            Object.assign(missing, { matcher: (negate ? "rejects.not." : "rejects.") + name, expected, received, message: `expect(${received}).${negate ? "not." : ""}${name}(${expected})` });
            throw missing;
          });
      };
    }
    return all;
  }

  function expect(v) {
    const e = expectation(v, false);
    e.not = expectation(v, true);
    e.rejects = rejection(v, false);
    e.rejects.not = rejection(v, true);
    return e;
  }

  // ---- the test that runs ----

  const notice = (e) => { if (e instanceof ExpectationError) host(EXPECTED, e.matcher, e.expected, e.received); };
  observe(notice); // of rejections that nobody handles

  let current = -1;
  function start(i) {
    current = i;
    const settle = api.settled;
    const fail = (e) => { notice(e); tell(e, settle); };
    let out;
    try {
      out = tests[i].fn();
    } catch (e) {
      return fail(e);
    }
    Promise.resolve(out).then(() => settle("done", ""), fail);
  }

  const { run } = api.load("case");
  Object.assign(globalThis, { test, expect, run });
  return { start };
})
