// URL and URLSearchParams; parsing and normalising is native.
(function (host) {
  "use strict";
  const PARSE = 16;
  const encode = (s) => encodeURIComponent(s).replace(/[!'()~]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase()).replace(/%20/g, "+");
  const decode = (s) => {
    s = s.replace(/\+/g, " ");
    try { return decodeURIComponent(s); } catch { return s; }
  };

  class URLSearchParams {
    #list = []; #changed = () => {};
    constructor(init = "", changed) {
      if (typeof init === "string") this.#read(init);
      else if (init !== null && typeof init === "object" && typeof init[Symbol.iterator] === "function") {
        for (const pair of init) {
          const [k, v, ...more] = pair;
          if (v === undefined || more.length) throw new TypeError("URLSearchParams: each item must be a pair of name and value");
          this.#list.push([String(k), String(v)]);
        }
      } else for (const k of Object.keys(init)) this.#list.push([k, String(init[k])]);
      if (changed) this.#changed = changed;
    }
    #read(text) {
      if (text[0] === "?") text = text.slice(1);
      this.#list = text === "" ? [] : text.split("&").filter((p) => p !== "").map((p) => {
        const i = p.indexOf("=");
        return i < 0 ? [decode(p), ""] : [decode(p.slice(0, i)), decode(p.slice(i + 1))];
      });
    }
    static refresh(params, text) { params.#read(text); }
    get size() { return this.#list.length; }
    append(k, v) { this.#list.push([String(k), String(v)]); this.#changed(); }
    delete(k, v) { this.#list = this.#list.filter((p) => p[0] !== String(k) || v !== undefined && p[1] !== String(v)); this.#changed(); }
    get(k) { const p = this.#list.find((p) => p[0] === String(k)); return p ? p[1] : null; }
    getAll(k) { return this.#list.filter((p) => p[0] === String(k)).map((p) => p[1]); }
    has(k, v) { return this.#list.some((p) => p[0] === String(k) && (v === undefined || p[1] === String(v))); }
    set(k, v) {
      const i = this.#list.findIndex((p) => p[0] === String(k));
      if (i < 0) this.#list.push([String(k), String(v)]);
      else this.#list = this.#list.filter((p, j) => j <= i || p[0] !== String(k)).map((p, j) => (j === i ? [p[0], String(v)] : p));
      this.#changed();
    }
    sort() { this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this.#changed(); }
    forEach(fn, self) { for (const [k, v] of [...this.#list]) fn.call(self, v, k, this); }
    keys() { return this.#list.map((p) => p[0])[Symbol.iterator](); }
    values() { return this.#list.map((p) => p[1])[Symbol.iterator](); }
    entries() { return this.#list.map((p) => [p[0], p[1]])[Symbol.iterator](); }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#list.map(([k, v]) => encode(k) + "=" + encode(v)).join("&"); }
  }

  function parse(text, base) {
    const parts = JSON.parse(host(PARSE, text, base));
    if (parts.error) throw new TypeError(`Invalid URL: ${text}`);
    return parts;
  }

  class URL {
    #p; #params;
    constructor(text, base) {
      this.#p = parse(String(text), base === undefined ? "" : String(base));
      this.#params = new URLSearchParams(this.#p.search, () => {
        const s = this.#params.toString();
        this.#p.search = s === "" ? "" : "?" + s;
      });
    }
    static canParse(text, base) {
      try { new URL(text, base); return true; } catch { return false; }
    }
    // #with parses the address anew with one part changed; what does not parse changes nothing.
    #with(change) {
      try { this.#p = parse(assemble({ ...this.#p, ...change }), ""); } catch { return; }
      URLSearchParams.refresh(this.#params, this.#p.search);
    }
    get href() { return assemble(this.#p); }
    set href(v) { this.#p = parse(String(v), ""); URLSearchParams.refresh(this.#params, this.#p.search); }
    get origin() { return ["http:", "https:", "ftp:", "ws:", "wss:"].includes(this.#p.protocol) ? this.#p.protocol + "//" + this.host : "null"; }
    get protocol() { return this.#p.protocol; }
    set protocol(v) { this.#with({ protocol: String(v).replace(/:.*$/, "") + ":" }); }
    get username() { return this.#p.username; }
    set username(v) { this.#with({ username: encodeURIComponent(v) }); }
    get password() { return this.#p.password; }
    set password(v) { this.#with({ password: encodeURIComponent(v) }); }
    get host() { return this.#p.hostname + (this.#p.port === "" ? "" : ":" + this.#p.port); }
    set host(v) { const [, hostname, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?/.exec(String(v)); this.#with({ hostname, port: port ?? this.#p.port }); }
    get hostname() { return this.#p.hostname; }
    set hostname(v) { this.#with({ hostname: String(v) }); }
    get port() { return this.#p.port; }
    set port(v) { this.#with({ port: String(v) }); }
    get pathname() { return this.#p.pathname; }
    set pathname(v) { v = String(v).replace(/[?#]/g, encodeURIComponent); this.#with({ pathname: v[0] === "/" ? v : "/" + v }); }
    get search() { return this.#p.search; }
    set search(v) { v = String(v).replace(/#/g, "%23"); this.#with({ search: v === "" || v === "?" ? "" : v[0] === "?" ? v : "?" + v }); }
    get hash() { return this.#p.hash; }
    set hash(v) { v = String(v); this.#with({ hash: v === "" || v === "#" ? "" : v[0] === "#" ? v : "#" + v }); }
    get searchParams() { return this.#params; }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }

  function assemble(p) {
    if (!p.slashes) return p.protocol + p.pathname + p.search + p.hash;
    const user = p.username === "" && p.password === "" ? "" : p.username + (p.password === "" ? "" : ":" + p.password) + "@";
    return p.protocol + "//" + user + p.hostname + (p.port === "" ? "" : ":" + p.port) + p.pathname + p.search + p.hash;
  }
  return { URL, URLSearchParams };
})
