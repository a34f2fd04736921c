// run: calls a hook in a test as the runtime would, with rows in memory for ctx.db.
(function (host, api) {
  "use strict";
  const UUID = 6, CLOCK = 22, SIMULATE = 23;
  const { parse, stringify } = JSON;
  const { isObject, named } = api.load("judge");
  const { fail, deliverTo } = api.load("refuse");
  const world = api.load("world");

  // ---- ctx.db ----
  // As the runtime answers it, but for types: the rows have what the test gave them.

  const compare = (a, b) => (a === b ? 0 : a === null || a === undefined ? -1 : b === null || b === undefined ? 1 : a < b ? -1 : a > b ? 1 : 0);
  const same = (a, b) => stringify(a ?? null) === stringify(b ?? null);
  const key = (row) => ("_id" in row ? "_id" : "id");
  // found reads a field, also inside of documents; id is the key.
  function found(row, path) {
    if (path in row) return row[path];
    if (path === "id") return row[key(row)];
    return path.split(".").reduce((o, name) => (isObject(o) ? o[name] : undefined), row);
  }
  // some: a condition on a list also holds when it holds for an element.
  const some = (holds) => (a, b) => holds(a, b) || (Array.isArray(a) && !Array.isArray(b) && a.some((e) => holds(e, b)));
  const equal = some(same), above = some((a, b) => a != null && compare(a, b) > 0), below = some((a, b) => a != null && compare(a, b) < 0);
  const operators = {
    $eq: equal, $ne: (a, b) => !equal(a, b), $in: (a, list) => list.some((b) => equal(a, b)),
    $gt: above, $gte: (a, b) => equal(a, b) || above(a, b), $lt: below, $lte: (a, b) => equal(a, b) || below(a, b),
  };
  const asked = (want) => (isObject(want) && Object.keys(want).some((k) => k[0] === "$") ? want : { $eq: want });
  const ranges = ["$gt", "$gte", "$lt", "$lte"];
  const matches = (row, filter) => Object.keys(filter).every((name) => {
    const want = asked(filter[name]);
    return Object.keys(want).every((op) => operators[op](found(row, name), want[op]));
  });
  function put(row, path, v) {
    const at = path.indexOf(".");
    if (path in row || at < 0) row[path === "id" ? key(row) : path] = v;
    else put((row[path.slice(0, at)] ??= {}), path.slice(at + 1), v);
  }

  function answer(tables, request) {
    const rows = tables[request.table];
    if (!Array.isArray(rows)) return { error: { code: "unknown_table", message: `There is no table ${request.table}: give its rows in db of run(hooks, name, {db: {${request.table}: []}}).` } };
    for (const [name, want] of Object.entries(request.filter ?? {})) {
      if (ranges.some((op) => asked(want)[op] === null)) return { error: { code: "invalid_query", message: `The field ${name} is compared with null, which is neither less nor greater.` } };
    }
    const chosen = () => rows.filter((row) => matches(parse(stringify(row)), request.filter)).toSorted((a, b) => compare(a[key(a)], b[key(b)]));
    switch (request.method) {
      case "count": return { value: chosen().length };
      case "insertOne": {
        const row = request.document;
        if ("id" in row && rows.length && key(rows[0]) === "_id") {
          row._id = row.id;
          delete row.id;
        }
        if (!("_id" in row) && !("id" in row)) row[rows.length ? key(rows[0]) : "_id"] = host(UUID);
        if (rows.some((r) => same(r[key(r)], row[key(row)]))) return { error: { code: "duplicate_key", message: "There is a row with this id." } };
        rows.push(row);
        return { value: { insertedId: String(row[key(row)]) } };
      }
      case "updateOne": {
        const row = chosen()[0];
        if (!row) return { value: { matchedCount: 0, modifiedCount: 0 } };
        const before = stringify(row);
        for (const [path, v] of Object.entries(request.set)) put(row, path, v);
        return { value: { matchedCount: 1, modifiedCount: stringify(row) === before ? 0 : 1 } };
      }
      case "deleteOne": {
        const row = chosen()[0];
        if (row) rows.splice(rows.indexOf(row), 1);
        return { value: { deletedCount: row ? 1 : 0 } };
      }
    }
    let list = chosen();
    for (const { field, descending } of [...(request.sort ?? [])].reverse()) list = list.toSorted((a, b) => compare(found(a, field), found(b, field)) * (descending ? -1 : 1));
    const skip = request.skip ?? 0;
    list = list.slice(skip, skip + (request.limit || 100));
    if (request.fields) list = list.map((row) => Object.fromEntries([key(row), ...request.fields].filter((f) => f in row).map((f) => [f, row[f]])));
    return { value: request.method === "findOne" ? list[0] ?? null : list };
  }

  // ---- fetch ----

  async function respond(fake, text) {
    if (typeof fake !== "function") return stringify({ error: { code: "no_fetch", message: "The test has no answer: give fetch of run(hooks, name, {fetch: (request) => ({body: ...})})." } });
    const { Buffer } = api.load("text");
    const sent = parse(text);
    const r = (await fake({
      url: sent.url, method: sent.method, headers: Object.fromEntries(sent.headers.map((h) => [h.name, h.value])),
      body: sent.body === undefined ? "" : Buffer.from(sent.body, "base64").toString(),
    })) ?? {};
    const body = r.body === undefined ? "" : typeof r.body === "string" ? r.body : stringify(r.body);
    return stringify({ value: { status: r.status ?? 200, headers: Object.entries(r.headers ?? {}).map(([name, value]) => ({ name, value })), body: Buffer.from(body).toString("base64") } });
  }

  // ---- run ----

  function argumentOf(name, i) {
    const table = i.table ?? "table", id = i.id ?? "1", old = i.old ?? null;
    const op = i.op ?? (old === null ? "PUT" : "PATCH");
    const write = { op, table, id, data: op === "DELETE" ? null : i.data ?? i.client ?? {}, previousValues: i.previousValues ?? i.base ?? null, metadata: i.metadata ?? null, old: old ?? i.server ?? null };
    switch (name) {
      case "beforeWrite": return write;
      case "resolveConflict": {
        const client = i.client ?? {};
        return { base: i.base ?? null, server: i.server ?? {}, client, fields: i.fields ?? Object.keys(client), write: { ...write, data: client, op: i.op ?? "PATCH", old: i.server ?? {} } };
      }
      case "afterWrite": case "afterCommit": {
        const next = op === "DELETE" ? null : i.new ?? { ...old, ...i.data };
        return { op, table, id, old, new: next, fields: i.fields ?? Object.keys(i.data ?? next ?? {}) };
      }
      case "beforeTransaction": return (i.writes ?? []).map((w) => argumentOf("beforeWrite", w));
      case "resolveUser": return { provider: "test", userId: "", claims: {}, ...i.identity };
    }
    throw new TypeError(`run(hooks, name, input): there is no hook ${named(name)}`);
  }

  function outcome(kind, text, a, b, data, enqueued) {
    switch (kind) {
      case "rejected": return { result: kind, code: a, message: b, details: text === "" ? undefined : parse(text), enqueued: [] };
      case "dropped": return { result: kind, reason: text, enqueued };
      case "kept": return { result: kind, value: data, enqueued };
      case "unchanged": return { result: same(parse(text), data) ? "kept" : "changed", value: parse(text), enqueued };
      case "changed": case "values": case "resolved": return { result: kind, value: parse(text), enqueued };
    }
    return { result: kind, enqueued };
  }

  let before = Promise.resolve(); // one call at a time, as in a transaction

  function run(hooks, name, input = {}) {
    if (typeof hooks !== "object" || hooks === null || typeof name !== "string") throw new TypeError('run(hooks, name, input): such as run(todos, "beforeWrite", {data: {}})');
    const mine = before.then(() => once(hooks, name, input));
    before = mine.catch(() => {});
    return mine;
  }

  function once(hooks, name, input) {
    const argument = stringify(argumentOf(name, input)), data = parse(argument).data;
    const now = input.now === undefined ? undefined : new Date(input.now).getTime();
    const enqueued = [];
    const user = input.user === null ? null : { id: "user", claims: {}, provider: "test", ...input.user };
    host(SIMULATE, "user", stringify(user));
    host(SIMULATE, "env", stringify(input.env ?? {}));
    host(SIMULATE, "deliveryId", input.deliveryId ?? (name === "afterCommit" ? "delivery-1" : undefined));
    deliverTo((outbox, payload) => enqueued.push({ outbox, payload: parse(payload) }));
    api.load("db").answer((text) => stringify(answer(input.db ?? {}, parse(text))));
    api.load("fetch").answer((text) => respond(input.fetch, text));
    const clock = host(CLOCK, now);
    host(SIMULATE, "now", world.now(host(CLOCK, undefined)));
    return new Promise((resolve, reject) => {
      const settle = (kind, text, a, b) => {
        host(CLOCK, clock);
        if (kind === "failed") return reject(b);
        if (kind === "invalid") return reject(Object.assign(new Error(text), { name: "InvalidResult" }));
        resolve(outcome(kind, text, a, b, data, enqueued));
      };
      try {
        api.invoke(hooks, name, parse(argument), settle);
      } catch (e) {
        fail(e, settle);
      }
    });
  }
  return { run };
})
