// Waits for what an async function returned.
(function (host, api) {
  "use strict";
  return {
    async later(promise, argument, settle, judge) {
      let out;
      try {
        out = await promise;
      } catch (e) {
        return api.load("refuse").fail(e, settle);
      }
      judge(out, argument, settle);
    },
  };
})
