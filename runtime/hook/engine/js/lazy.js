// Globals that are made when they are first used.
(function (host, api) {
  "use strict";
  const { defineProperty } = Object;
  return {
    define(name, group) {
      defineProperty(globalThis, name, {
        configurable: true,
        get() { return api.load(group)[name]; },
        set(value) { defineProperty(globalThis, name, { value, writable: true, configurable: true }); },
      });
    },
  };
})
