// ctx.log and console: lines of the operation's log.
(function (host, api) {
  "use strict";
  const LOG = 2;
  function at(level) {
    return (...parts) => {
      let line = "";
      for (let i = 0; i < parts.length; i++) line += (i ? " " : "") + (typeof parts[i] === "string" ? parts[i] : api.load("inspect").inspect(parts[i]));
      host(LOG, level, line);
    };
  }
  const levels = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { log: Object.assign(at("info"), levels), console: Object.freeze({ ...levels, log: levels.info }) };
})
