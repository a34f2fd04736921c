// ctx.user, ctx.env, ctx.now.
(function () {
  "use strict";
  const { freeze } = Object;
  const { parse } = JSON;
  return {
    user(text) {
      const user = parse(text);
      if (user !== null && user.claims) freeze(user.claims);
      return freeze(user);
    },
    env: (text) => freeze(parse(text)),
    now: (ms) => new Date(ms),
  };
})
