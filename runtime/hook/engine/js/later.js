// Waits for what an async function returned.
(function (host, api) {
  "use strict";
  return {
    async later(promise, argument, settle, judge) {
      try {
        judge(await promise, argument, settle); // judging runs getters and toJSON of what was returned, which may throw as well
      } catch (e) {
        api.load("refuse").fail(e, settle);
      }
    },
  };
})
