// What the engine lacks of the language, or gets wrong; run where code names some of it.
(function () {
  "use strict";
  const { defineProperty } = Object;
  // Those that esbuild's own code falls back to, where it rewrites for await, async generators and using.
  for (const name of ["asyncIterator", "dispose", "asyncDispose"]) defineProperty(Symbol, name, { value: Symbol.for("Symbol." + name) });
  // There are no locales: naming one must not be taken for a radix.
  for (const kind of [Number, BigInt]) {
    const { toString } = kind.prototype;
    defineProperty(kind.prototype, "toLocaleString", { value() { return toString.call(this); }, writable: true, configurable: true });
  }
})
