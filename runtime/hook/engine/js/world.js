// ctx.now.
(function () {
  "use strict";
  return { now: (ms) => new Date(ms) };
})
