import { describe, expect, it } from "vitest";
import { change, firstRow, own, readDraft, rowID, seen, stored, tablesOf, withPolicy } from "../src/pages/instance/playground/model";

const text = `
source: {type: mongodb, uri: {secret: S}, database: d}
tables:
  todos:
    id: objectid
    allow: {update: "old.meta.owner == user.id && user.claims.role == 'admin'"}
    on_conflict: merge
    fields:
      title: {type: string}
      owner: {path: meta.owner, type: string}
      count: {path: stats.n, type: int64, merge: counter}
      done: {type: bool}
      list_id: {type: objectid}
      born: {type: date}
      locked: {type: string, immutable: true}
`;
const draft = readDraft(text);
const [todos] = tablesOf(draft);
if (!todos) throw new Error("no table");

describe("the playground", () => {
  it("plays with columns that people can edit, and knows whom the rules want", () => {
    expect(todos.columns.map((c) => c.name)).toEqual(["title", "count", "done", "born"]);
    expect(todos).toMatchObject({ user: "playground", owned: { "meta.owner": "playground" }, role: "admin", configured: "merge", merges: { count: "counter" } });
    expect(rowID(todos.id)).toMatch(/^[0-9a-f]{24}$/);
  });
  it("stores a row by its paths and reads it back", () => {
    const row = firstRow(todos);
    expect(stored(todos, row)).toEqual({ title: "Milk", stats: { n: 3 }, done: false, born: "2026-01-04T09:00:00.000Z", meta: { owner: "playground" } });
    expect(seen(todos, stored(todos, row))).toEqual(row);
    expect(seen(todos, { title: "x" })).toEqual({ title: "x", count: null, done: null, born: null });
  });
  it("uploads what differs, with all that the phone had seen, booleans as SQLite has them", () => {
    const base = firstRow(todos);
    expect(change(todos, base, base)).toBeUndefined();
    expect(change(todos, base, { ...base, done: true })).toEqual({ data: { done: 1 }, previousValues: { title: "Milk", count: 3, done: 0, born: "2026-01-04T09:00:00.000Z" } });
  });
  it("changes the policies of one table and nothing else", () => {
    const other = withPolicy(draft, "todos", "reject", {}) as { tables: { todos: { on_conflict: string; fields: Record<string, object> } }; source: unknown };
    expect(other.tables.todos.on_conflict).toBe("reject");
    expect(other.tables.todos.fields.count).toEqual({ path: "stats.n", type: "int64" });
    expect(other.source).toEqual({ type: "mongodb", uri: { secret: "S" }, database: "d" });
    expect(readDraft(text)).toEqual(draft);
  });
  it("leaves the document as it is under its own policy, whatever that is", () => {
    const [notes] = tablesOf(readDraft("tables: {notes: {on_conflict: {version: v}, fields: {v: int64, text: {merge: hook}}}, plain: {fields: {n: {type: int64, merge: counter}}}}"));
    expect(notes).toMatchObject({ configured: "version: v", merges: {} });
    expect(tablesOf(readDraft("tables: {plain: {fields: {n: {type: int64, merge: counter}}}}"))[0]?.configured).toBe("merge");
    expect(withPolicy(draft, "todos", own, {})).toEqual(draft);
  });
  it("reads columns that are written as a type alone, and keeps them whole", () => {
    const short = readDraft("tables: {notes: {fields: {n: int64, born: date}}}");
    expect(tablesOf(short)[0]?.columns).toEqual([{ name: "n", path: "n", type: "number" }, { name: "born", path: "born", type: "date" }]);
    expect(withPolicy(short, "notes", "merge", { n: "max" })).toEqual({ tables: { notes: { on_conflict: "merge", fields: { n: { type: "int64", merge: "max" }, born: { type: "date" } } } } });
  });
  it("begins with a value from which there is a way on", () => {
    const [orders] = tablesOf(readDraft("tables: {orders: {fields: {state: {type: string, transitions: {open: [done]}}}}}"));
    expect(orders && firstRow(orders)).toEqual({ state: "open" });
  });
  it("plays as somebody whose id the owner's column can hold", () => {
    const owned = (type: string, rule: string) => tablesOf(readDraft(`tables: {notes: {allow: {update: '${rule}'}, fields: {owner: ${type}}}}`))[0];
    expect(owned("uuid", "old.owner == user.id")).toMatchObject({ user: rowID("uuid"), owned: { owner: rowID("uuid") } });
    expect(owned("int64", "string(old.owner) == user.id")).toMatchObject({ user: "1", owned: { owner: 1 } });
  });
  it("has no tables for what is no document", () => {
    for (const t of ["", "- a", "a: [", "tables: {x: null}"]) expect(tablesOf(readDraft(t))).toEqual([]);
  });
});
