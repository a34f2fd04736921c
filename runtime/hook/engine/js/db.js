// ctx.db: requests in the transaction of the upload. What JSON would lose is refused here, before
// anything is asked: a filter that lost a member would match every row.
(function (host, api) {
  "use strict";
  const DB = 3;
  const { parse, stringify } = JSON;
  const { keys } = Object;
  const { isArray } = Array;
  const NativePromise = Promise;
  const { flaw } = api;
  const { named, isObject } = api.load("judge");
  const { only, transaction } = api.load("refuse");

  let ask = (request) => host(DB, request); // tests answer it themselves

  function query(request) {
    let answer;
    try {
      answer = parse(ask(stringify(request)));
    } catch (e) {
      return NativePromise.reject(e);
    }
    if (answer.error) return NativePromise.reject(coded(answer.error));
    return NativePromise.resolve(answer.value);
  }

  function coded(error) {
    const e = new Error(error.message);
    e.name = "HostError";
    e.code = error.code;
    return e;
  }

  // filter: a member that is undefined would vanish from the JSON, and the filter match every row.
  function filter(v, method) {
    if (v === undefined && (method === "find" || method === "count")) return {};
    if (!isObject(v)) throw new TypeError(`${method}(filter): filter must be an object such as {owner_id: ctx.user.id}, not ${named(v)}`);
    for (const name of keys(v)) {
      if (v[name] === undefined) throw new TypeError(`${method}(filter): ${name} is undefined`);
      if (name[0] === "$") throw new TypeError(`${method}(filter): ${name} is not supported; a filter is {field: value} or {field: {$gt: value}}`);
      if (!isObject(v[name])) continue;
      for (const op of keys(v[name])) {
        if (op[0] === "$" && !["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in"].includes(op)) throw new TypeError(`${method}(filter): ${name}.${op} is not supported`);
        if (v[name][op] === undefined) throw new TypeError(`${method}(filter): ${name}.${op} is undefined`);
      }
    }
    const what = flaw(v, "filter", 0);
    if (what) throw new TypeError(what);
    return v;
  }

  function fields(v, method, name) {
    if (!isObject(v)) throw new TypeError(`${method}: ${name} must be an object, not ${named(v)}`);
    const what = flaw(v, name, 0);
    if (what) throw new TypeError(what);
    return v;
  }

  function changes(v) {
    fields(v, "updateOne", "changes");
    const set = keys(v).length === 1 && v.$set !== undefined ? fields(v.$set, "updateOne", "changes.$set") : v;
    for (const name of keys(set)) {
      if (name[0] === "$") throw new TypeError(`updateOne(filter, changes): ${name} is not supported; changes are {field: value} or {$set: {field: value}}`);
    }
    return set;
  }

  function options(request, v) {
    if (v === undefined) return request;
    if (!isObject(v)) throw new TypeError(`${request.method}(filter, options): options must be an object`);
    for (const name of keys(v)) {
      const o = v[name];
      if (o === undefined) continue;
      if (name === "limit" || name === "skip") {
        if (!Number.isSafeInteger(o) || o < 0) throw new TypeError(`options.${name} must be a whole number`);
        request[name] = o;
      } else if (name === "fields") {
        if (!isArray(o) || !o.every((f) => typeof f === "string")) throw new TypeError("options.fields must be a list of names");
        request.fields = o;
      } else if (name === "sort") {
        if (!isObject(o) || !keys(o).every((f) => o[f] === 1 || o[f] === -1)) throw new TypeError("options.sort must be {field: 1} or {field: -1}");
        request.sort = keys(o).map((f) => ({ field: f, descending: o[f] === -1 }));
      } else {
        throw new TypeError(`options.${name} is not known; there are sort, limit, skip and fields`);
      }
    }
    return request;
  }

  function table(name) {
    only("ctx.db", ...transaction);
    if (typeof name !== "string" || name === "") throw new TypeError("ctx.db.collection(name): name must be a table of the configuration");
    const safely = (make) => (...args) => {
      let request;
      try {
        request = make(...args);
      } catch (e) {
        return NativePromise.reject(e);
      }
      request.table = name;
      return query(request);
    };
    return {
      findOne: safely((f, o) => options({ method: "findOne", filter: filter(f, "findOne") }, o)),
      find: safely((f, o) => options({ method: "find", filter: filter(f, "find") }, o)),
      count: safely((f) => ({ method: "count", filter: filter(f, "count") })),
      insertOne: safely((d) => ({ method: "insertOne", document: fields(d, "insertOne", "document") })),
      updateOne: safely((f, c) => ({ method: "updateOne", filter: filter(f, "updateOne"), set: changes(c) })),
      deleteOne: safely((f) => ({ method: "deleteOne", filter: filter(f, "deleteOne") })),
    };
  }

  return { db: Object.freeze({ collection: table, table }), coded, answer(f) { ask = f; } };
})
