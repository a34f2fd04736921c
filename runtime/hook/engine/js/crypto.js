// crypto: random values come from the operation's seed; digests are native.
(function (host, api) {
  "use strict";
  const UUID = 6, BYTES = 14, DIGEST = 15;
  const { view } = api.load("text");
  const integers = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array];
  const subtle = {
    async digest(algorithm, data) {
      const name = String(typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm).toUpperCase();
      if (!["SHA-1", "SHA-256", "SHA-384", "SHA-512"].includes(name)) throw new TypeError(`crypto.subtle.digest: ${name} is not supported; there are SHA-1, SHA-256, SHA-384 and SHA-512`);
      const v = view(data);
      return host(DIGEST, name, v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength));
    },
  };
  return {
    crypto: {
      subtle,
      randomUUID: () => host(UUID),
      getRandomValues(array) {
        if (!integers.some((type) => array instanceof type)) throw new TypeError("crypto.getRandomValues: expected an array of integers such as Uint8Array");
        if (array.byteLength > 65536) throw new RangeError("crypto.getRandomValues: at most 65536 bytes");
        view(array).set(new Uint8Array(host(BYTES, array.byteLength)));
        return array;
      },
    },
  };
})
