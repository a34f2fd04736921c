// fetch: one request by the host, the answer read to its end.
(function (host, api) {
  "use strict";
  const FETCH = 17;
  const { view, Buffer, TextDecoder } = api.load("text");
  const known = ["method", "headers", "body"];

  class Headers {
    #map = new Map();
    constructor(init) {
      if (init === undefined || init === null) return;
      for (const [k, v] of typeof init[Symbol.iterator] === "function" ? init : Object.entries(init)) this.append(k, v);
    }
    append(k, v) { k = String(k).toLowerCase(); this.#map.set(k, this.#map.has(k) ? this.#map.get(k) + ", " + v : String(v)); }
    set(k, v) { this.#map.set(String(k).toLowerCase(), String(v)); }
    get(k) { return this.#map.get(String(k).toLowerCase()) ?? null; }
    has(k) { return this.#map.has(String(k).toLowerCase()); }
    delete(k) { this.#map.delete(String(k).toLowerCase()); }
    forEach(fn) { for (const [k, v] of this.#map) fn(v, k, this); }
    keys() { return this.#map.keys(); }
    values() { return this.#map.values(); }
    entries() { return this.#map.entries(); }
    [Symbol.iterator]() { return this.entries(); }
  }

  class Response {
    #body;
    constructor(answer) {
      this.#body = answer.body ? Buffer.from(answer.body, "base64") : new Uint8Array(0);
      this.status = answer.status;
      this.statusText = answer.status_text ?? "";
      this.ok = answer.status >= 200 && answer.status < 300;
      this.url = answer.url ?? "";
      this.headers = new Headers((answer.headers ?? []).map((h) => [h.name, h.value]));
    }
    async text() { return new TextDecoder().decode(this.#body); }
    async json() { return JSON.parse(await this.text()); }
    async arrayBuffer() { return this.#body.buffer.slice(this.#body.byteOffset, this.#body.byteOffset + this.#body.byteLength); }
    async bytes() { return new Uint8Array(await this.arrayBuffer()); }
  }

  let send = (request) => host(FETCH, request); // tests answer it themselves

  async function fetch(url, init = {}) {
    api.load("refuse").only("fetch", "afterCommit", "resolveUser");
    for (const name of Object.keys(init)) {
      if (!known.includes(name)) throw new TypeError(`fetch: the option ${name} is not supported; there are method, headers and body`);
    }
    const headers = new Headers(init.headers);
    let body;
    if (init.body !== undefined && init.body !== null) {
      if (typeof init.body === "string") body = Buffer.from(init.body);
      else if (init.body instanceof ArrayBuffer || ArrayBuffer.isView(init.body)) body = Buffer.from(view(init.body));
      else if (Object.prototype.toString.call(init.body) === "[object Object]" && typeof init.body.getAll === "function") {
        body = Buffer.from(String(init.body));
        if (!headers.has("content-type")) headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
      } else throw new TypeError("fetch: body must be text, bytes or URLSearchParams; for JSON use JSON.stringify");
    }
    const answer = JSON.parse(await send(JSON.stringify({
      url: String(url), method: String(init.method ?? "GET").toUpperCase(),
      headers: [...headers].map(([name, value]) => ({ name, value })), body: body ? body.toString("base64") : undefined,
    })));
    if (answer.error) throw api.load("db").coded(answer.error);
    return new Response(answer.value);
  }
  return { fetch, Headers, Response, answer(f) { send = f; } };
})
