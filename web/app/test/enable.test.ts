import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { propose, type Answers, type Proposed } from "../src/pages/instance/enable/answers";
import { documentOf, typeOf } from "../src/pages/instance/enable/document";
import { missing, providersOf, templates } from "../src/pages/instance/enable/providers";
import { allowOf, firstRule, guessOwner, type Place } from "../src/pages/instance/enable/rules";

const same = (column: string): Place => ({ path: column, type: "string" });

function proposed(name: string, fields: Record<string, { path?: string; type: object }>, more: object = {}): Proposed {
  const all = Object.fromEntries(Object.entries(fields).map(([c, f]) => [c, { path: c, ignored: false, immutable: false, ...f }]));
  return { name, rows: 3, sampled: 3, table: { collection: name, key: "_id", id: "objectid", allow: { create: "", update: "", delete: "" }, client_handling: null, unknown_fields: "reject", fields: all, ...more } } as Proposed;
}

function answers(change: Partial<Answers>): Answers {
  return { type: "mongodb", database: "todo", stored: true, tables: [], providers: [], developmentTokens: true, powersyncURL: "https://ps.example/", ...change };
}

describe("who may write", () => {
  it("guesses the column that says whose a row is", () => {
    expect(guessOwner(["_x", "title", "owner_id"])).toBe("owner_id");
    expect(guessOwner(["title", "createdBy", "userId"])).toBe("userId");
    expect(guessOwner(["title", "done"])).toBeUndefined();
  });
  it("begins closed where no column says whose a row is", () => {
    expect(firstRule(["title"])).toEqual({ choice: "nobody" });
    expect(allowOf({ choice: "nobody" }, same)).toEqual({});
  });
  it("lets an owner write, and never give the row away", () => {
    expect(allowOf({ choice: "owner", column: "owner" }, () => ({ path: "meta.owner-id", type: "objectid" }))).toEqual({
      create: 'new.meta["owner-id"] == user.id', update: 'old.meta["owner-id"] == user.id && !("meta.owner-id" in changed)', delete: 'old.meta["owner-id"] == user.id',
    });
  });
  it("compares a number with the user's id as text, which it would never equal", () => {
    expect(allowOf({ choice: "owner", column: "user_id" }, (path) => ({ path, type: "int64" }))).toEqual({
      create: "string(new.user_id) == user.id", update: 'string(old.user_id) == user.id && !("user_id" in changed)', delete: "string(old.user_id) == user.id",
    });
  });
  it("keeps a role a text, whatever is typed", () => {
    expect(allowOf({ choice: "role", role: 'a" || true' }, same).create).toBe('has(user.claims.role) && user.claims.role == "a\\" || true"');
  });
});

describe("how users are identified", () => {
  it("fills in every template to what the configuration demands of a JWKS", () => {
    for (const t of templates) {
      const values = Object.fromEntries(t.blanks.map((b) => [b.name, b.placeholder]));
      const p = t.make(values);
      if (p.type !== "jwks") continue;
      expect([p.issuer, p.jwks_uri].every((u) => u?.startsWith("https://")), t.id).toBe(true);
      expect(p.audience, t.id).toBeTruthy();
      expect(missing({ template: t.id, values }), t.id).toEqual([]);
    }
  });
  it("takes addresses with and without https and slashes", () => {
    const [auth0] = providersOf([{ template: "auth0", values: { domain: "https://a.auth0.com/", audience: "x" } }]);
    expect(auth0).toMatchObject({ issuer: "https://a.auth0.com/", jwks_uri: "https://a.auth0.com/.well-known/jwks.json" });
    const keycloak = (url: string) => providersOf([{ template: "keycloak", values: { url, realm: "r", audience: "x" } }])[0]?.issuer;
    expect([keycloak("login.example.com/"), keycloak("http://localhost:8180")]).toEqual(["https://login.example.com/realms/r", "http://localhost:8180/realms/r"]);
  });
  it("gives each sign-in's users a prefix when there are several; an API key names final ids", () => {
    const list = providersOf([{ template: "firebase", values: { project: "p" } }, { template: "anonymous", values: {} }, { template: "server", values: {} }]);
    expect(list.map((p) => p.user_id_prefix)).toEqual(["firebase:", "anonymous:", undefined]);
    expect(providersOf([{ template: "firebase", values: { project: "p" } }])[0]?.user_id_prefix).toBeUndefined();
  });
  it("says what is missing", () => {
    expect(missing({ template: "keycloak", values: { url: "https://x" } })).toEqual(["Realm", "Audience"]);
  });
});

describe("the document", () => {
  it("spells nested types as the configuration does", () => {
    expect(typeOf({ name: "date" })).toBe("date");
    expect(typeOf({ name: "array", elem: { name: "object", fields: { due: { name: "date" }, tags: { name: "array", elem: { name: "string" } } } } })).toEqual({ type: "array", of: { due: "date", tags: { type: "array", of: "string" } } });
  });
  it("has what was confirmed, and nothing that was left out", () => {
    const todos = proposed("todos", { owner: { path: "owner_id", type: { name: "string" } }, done: { type: { name: "bool" } }, odd: { type: {} }, junk: { type: { name: "string" } } });
    const [table] = propose([todos, proposed("other", {})], undefined);
    if (!table) throw new Error("nothing proposed");
    const text = documentOf(answers({ tables: [{ ...table, id: "string", left: ["junk"], types: { done: "int32" } }, { ...table, included: false, proposed: proposed("other", {}) }] }));
    expect(parse(text)).toEqual({
      source: { type: "mongodb", uri: { secret: "SOURCE_URI" }, database: "todo" },
      auth: { powersync_url: "https://ps.example", development_tokens: true, providers: [] },
      tables: { todos: {
        collection: "todos", id: "string",
        allow: { create: "new.owner_id == user.id", update: 'old.owner_id == user.id && !("owner_id" in changed)', delete: "old.owner_id == user.id" },
        fields: { owner: { path: "owner_id", type: "string" }, done: { type: "int32" }, odd: {} },
      } },
    });
  });
  it("names key and table on PostgreSQL", () => {
    const [table] = propose([proposed("todos", {}, { collection: "public.todos", key: "id", id: "uuid" })], undefined);
    expect(parse(documentOf(answers({ type: "postgres", tables: table ? [table] : [] }))).tables.todos).toMatchObject({ table: "public.todos", key: "id", id: "uuid" });
  });
  it("keeps decisions when the source is inspected again", () => {
    const first = propose([proposed("a", {})], undefined).map((t) => ({ ...t, included: false }));
    expect(propose([proposed("a", {}), proposed("b", {})], first).map((t) => t.included)).toEqual([false, true]);
  });
});
