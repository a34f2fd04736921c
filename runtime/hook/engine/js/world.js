// ctx.user, ctx.env, ctx.now.
(function () {
  "use strict";
  const { freeze } = Object;
  return {
    user(user) {
      if (user !== null && user.claims) freeze(user.claims);
      return freeze(user);
    },
    env: freeze,
    now: (ms) => new Date(ms),
  };
})
