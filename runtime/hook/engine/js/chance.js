// ctx.random, ctx.uuid: from the operation's seed.
(function (host) {
  "use strict";
  const RANDOM = 5, UUID = 6;
  return { random: () => host(RANDOM), uuid: () => host(UUID) };
})
