// structuredClone for plain values, dates, regular expressions, maps, sets, errors and bytes.
(function () {
  "use strict";
  const tag = Function.prototype.call.bind(Object.prototype.toString);
  const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  function refuse(v) {
    const e = new Error(`${typeof v === "function" ? "a function" : typeof v === "symbol" ? "a symbol" : tag(v).slice(8, -1)} could not be cloned`);
    e.name = "DataCloneError";
    throw e;
  }
  function clone(v, seen) {
    if (typeof v === "function" || typeof v === "symbol") refuse(v);
    if (typeof v !== "object" || v === null) return v;
    if (seen.has(v)) return seen.get(v);
    const keep = (copy) => { seen.set(v, copy); return copy; };
    if (Array.isArray(v)) {
      const copy = keep(new Array(v.length));
      for (const k of Object.keys(v)) copy[k] = clone(v[k], seen);
      return copy;
    }
    if (v instanceof ArrayBuffer) return keep(v.slice(0));
    if (ArrayBuffer.isView(v)) {
      const buffer = clone(v.buffer, seen);
      if (v instanceof DataView) return keep(new DataView(buffer, v.byteOffset, v.byteLength));
      const type = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array].find((t) => v instanceof t);
      return keep(new type(buffer, v.byteOffset, v.length));
    }
    switch (tag(v).slice(8, -1)) {
      case "Date": return keep(new Date(v.getTime()));
      case "RegExp": return keep(new RegExp(v.source, v.flags));
      case "Boolean": case "Number": case "String": return keep(Object(v.valueOf()));
      case "Map": {
        const copy = keep(new Map());
        for (const [k, x] of [...v]) copy.set(clone(k, seen), clone(x, seen));
        return copy;
      }
      case "Set": {
        const copy = keep(new Set());
        for (const x of [...v]) copy.add(clone(x, seen));
        return copy;
      }
      case "Error": {
        const copy = keep(new (errors[v.name] ?? Error)(v.message));
        if (v.cause !== undefined) copy.cause = clone(v.cause, seen);
        return copy;
      }
      case "Object": case "Arguments": {
        const copy = keep({});
        for (const k of Object.keys(v)) copy[k] = clone(v[k], seen);
        return copy;
      }
    }
    refuse(v);
  }
  return { structuredClone: (v) => clone(v, new Map()) };
})
