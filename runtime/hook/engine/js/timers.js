// Timers run while the call waits for them; their time counts. What is left when the call ends is dropped.
(function (host) {
  "use strict";
  const TIMER = 10, CLEAR = 11;
  const then = Function.prototype.call.bind(Promise.prototype.then);
  const resolved = Promise.resolve();
  function timer(name, repeat) {
    return (fn, ms, ...args) => {
      if (typeof fn !== "function") throw new TypeError(name + ": the first argument must be a function");
      return host(TIMER, () => { fn(...args); }, Math.max(0, Math.min(2147483647, Math.floor(Number(ms)) || 0)), repeat);
    };
  }
  const clear = (id) => { if (typeof id === "number") host(CLEAR, id); };
  return {
    setTimeout: timer("setTimeout", false), setInterval: timer("setInterval", true), clearTimeout: clear, clearInterval: clear,
    queueMicrotask(fn) {
      if (typeof fn !== "function") throw new TypeError("queueMicrotask: the argument must be a function");
      then(resolved, () => { fn(); }); // what it throws is a rejection that nobody handles, and fails the call
    },
  };
})
