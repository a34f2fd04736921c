import { describe, expect, it } from "vitest";
import { change, firstRow, readDraft, rowID, seen, stored, tablesOf, withPolicy } from "../src/pages/instance/playground/model";

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
    expect(todos.columns.map((c) => c.name)).toEqual(["title", "count", "done"]);
    expect(todos).toMatchObject({ owned: ["meta.owner"], role: "admin", policy: "merge", merges: { count: "counter" } });
    expect(rowID(todos.id)).toMatch(/^[0-9a-f]{24}$/);
  });
  it("stores a row by its paths and reads it back", () => {
    const row = firstRow(todos);
    expect(stored(todos, row, "u")).toEqual({ title: "Milk", stats: { n: 3 }, done: false, meta: { owner: "u" } });
    expect(seen(todos, stored(todos, row, "u"))).toEqual(row);
    expect(seen(todos, { title: "x" })).toEqual({ title: "x", count: null, done: null });
  });
  it("uploads what differs, with all that the phone had seen, booleans as SQLite has them", () => {
    const base = firstRow(todos);
    expect(change(todos, base, base)).toBeUndefined();
    expect(change(todos, base, { ...base, done: true })).toEqual({ data: { done: 1 }, previousValues: { title: "Milk", count: 3, done: 0 } });
  });
  it("changes the policies of one table and nothing else", () => {
    const other = withPolicy(draft, "todos", "reject", {}) as { tables: { todos: { on_conflict: string; fields: Record<string, object> } }; source: unknown };
    expect(other.tables.todos.on_conflict).toBe("reject");
    expect(other.tables.todos.fields.count).toEqual({ path: "stats.n", type: "int64" });
    expect(other.source).toEqual({ type: "mongodb", uri: { secret: "S" }, database: "d" });
    expect(readDraft(text)).toEqual(draft);
  });
  it("has no tables for what is no document", () => {
    for (const t of ["", "- a", "a: [", "tables: {x: null}"]) expect(tablesOf(readDraft(t))).toEqual([]);
  });
});
