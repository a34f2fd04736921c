// Text and bytes: TextEncoder, TextDecoder, atob, btoa, Buffer.
(function (host) {
  "use strict";
  const ENCODE = 12, DECODE = 13;
  // bytes are Uint8Array; encodings utf8, base64, base64url, hex, latin1. strict: refuse what is malformed.
  const encode = (text, encoding, strict) => new Uint8Array(host(ENCODE, text, encoding, strict));
  const decode = (view, encoding, strict) => host(DECODE, view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength), encoding, strict);
  const view = (v) => {
    if (v instanceof ArrayBuffer) return new Uint8Array(v);
    if (ArrayBuffer.isView(v)) return new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
    throw new TypeError("expected an ArrayBuffer or a typed array");
  };

  class TextEncoder {
    get encoding() { return "utf-8"; }
    encode(text = "") { return encode(String(text), "utf8", false); }
  }

  class TextDecoder {
    #fatal; #keepMark;
    constructor(label = "utf-8", options = {}) {
      if (!["utf-8", "utf8"].includes(String(label).toLowerCase())) throw new RangeError(`TextDecoder: only utf-8 is supported, not ${label}`);
      this.#fatal = Boolean(options.fatal);
      this.#keepMark = Boolean(options.ignoreBOM);
    }
    get encoding() { return "utf-8"; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#keepMark; }
    decode(bytes) {
      const text = bytes === undefined ? "" : decode(view(bytes), "utf8", this.#fatal);
      return !this.#keepMark && text[0] === "\uFEFF" ? text.slice(1) : text;
    }
  }

  const names = { utf8: "utf8", "utf-8": "utf8", base64: "base64", base64url: "base64url", hex: "hex", latin1: "latin1", binary: "latin1", ascii: "latin1" };
  const known = (name = "utf8") => {
    const encoding = names[String(name).toLowerCase()];
    if (!encoding) throw new TypeError(`Buffer: the encoding ${name} is not supported; there are utf8, base64, base64url, hex and latin1`);
    return encoding;
  };

  class Buffer extends Uint8Array {
    static from(value, encoding) {
      if (typeof value === "string") return new Buffer(encode(value, known(encoding), false).buffer);
      if (value instanceof ArrayBuffer) return new Buffer(value);
      if (ArrayBuffer.isView(value) || Array.isArray(value)) return new Buffer(Array.from(value));
      throw new TypeError("Buffer.from: expected text, a list of bytes, an ArrayBuffer or a typed array");
    }
    static isBuffer(v) { return v instanceof Buffer; }
    static byteLength(text, encoding) { return Buffer.from(text, encoding).length; }
    static concat(list) {
      const all = new Buffer(list.reduce((n, b) => n + b.length, 0));
      let at = 0;
      for (const b of list) { all.set(b, at); at += b.length; }
      return all;
    }
    toString(encoding) { return decode(this, known(encoding), false); }
    equals(other) { return this.length === other.length && this.every((b, i) => b === other[i]); }
  }

  return {
    TextEncoder, TextDecoder, Buffer, view,
    atob: (text) => decode(encode(String(text).replace(/[\t\n\f\r ]/g, ""), "base64", true), "latin1", true),
    btoa: (text) => decode(encode(String(text), "latin1", true), "base64", true),
  };
})
