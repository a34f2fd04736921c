// JSON.parse gives Infinity for a number that is too large, as in every other engine; goja's own refuses the text. Run where code may call it.
(function (host) {
  "use strict";
  const PARSE = 9;
  const { parse } = JSON;
  const { keys, defineProperty } = Object;
  const { isArray } = Array;
  const { apply, deleteProperty } = Reflect;

  // revived is the language's walk: members first, and what the function gives nothing for is gone.
  function revived(reviver, holder, name) {
    const v = holder[name];
    if (typeof v === "object" && v !== null) {
      const own = isArray(v) ? undefined : keys(v);
      for (let i = 0, n = (own ?? v).length; i < n; i++) {
        const key = own ? own[i] : "" + i, value = revived(reviver, v, key);
        if (value === undefined) deleteProperty(v, key);
        else defineProperty(v, key, { value, writable: true, enumerable: true, configurable: true });
      }
    }
    return apply(reviver, holder, [name, v]);
  }

  const { parse: value } = {
    parse(text, reviver) {
      try {
        return parse(text, reviver);
      } catch (e) {
        if (!/^json: cannot unmarshal number/.test(e?.message)) throw e;
        const all = host(PARSE, "" + text);
        if (all === undefined) throw e; // it has other faults as well
        return typeof reviver === "function" ? revived(reviver, { "": all }, "") : all;
      }
    },
  };
  defineProperty(JSON, "parse", { value, writable: true, configurable: true });
})
