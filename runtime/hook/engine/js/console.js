// console: the log of the operation.
(function (host, api) {
  "use strict";
  return { console: Object.freeze({ ...api.logger, log: api.logger.info }) };
})
