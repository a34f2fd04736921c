// @vitest-environment node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Compiler } from "../../src/editor/compiler";
import { libs } from "../../src/editor/libs";

const hook = join(import.meta.dirname, "../../../../runtime/hook");
const contract = readFileSync(join(hook, "turnkey.d.ts"), "utf8");
const tables = (name: string): string => readFileSync(join(hook, "typescript/testdata", `${name}.d.ts`), "utf8");
const types = contract + tables("mongodb");

const compiler = new Compiler(libs);
const check = (files: Record<string, string>, declarations = types): string[] => {
  compiler.replace(declarations, files);
  return compiler.allProblems().map((p) => `${p.path}:${p.line}:${p.column} ${p.message.split("\n")[0]}`);
};
const before = (body: string, table = "todos"): Record<string, string> => ({ "hooks/todos.ts": `export default {\n  async beforeWrite(write, ctx) {\n${body}\n  },\n} satisfies Hooks<"${table}">;\n` });

describe("the contract itself", () => {
  it.each([["alone", ""], ["with MongoDB's tables", tables("mongodb")], ["with PostgreSQL's tables", tables("postgres")]])("compiles %s", (_, rest) => {
    // Under the name of a hook: the real turnkey.d.ts is not among the files whose problems are told.
    const text = (contract + rest).replace(/^declare /gm, "export declare ").replace(/^(interface|type) /gm, "export $1 ");
    expect(check({ "lib/contract.d.ts": text }, "")).toEqual([]);
  });
});

describe("right hooks have no problems", () => {
  it("the README's hook, which asks data whether it is there", () => {
    expect(check(before(`    const text = write.data?.description;
    if (text?.trim() === "") ctx.reject("empty", "Say what is to be done.");
    if (text) write.data.description = text.trim();`))).toEqual([]);
  });
  it("looks at op, writes dates both ways, and returns some values", () => {
    expect(check(before(`    if (write.op === "DELETE") return ctx.drop("kept");
    write.data.created_at = ctx.now;
    const year = write.data.created_at?.slice(0, 4);
    if (write.op === "PUT") write.data.owner_id = ctx.user.id;
    if (write.old?.status === "done") ctx.reject("done", year);
    write.data.quantity = Math.max(write.data.quantity ?? 0, write.old?.quantity ?? 0) + 1;
    return { ...write.data, created_at: ctx.now, tags: [...(write.data.tags ?? []), "x"] };`))).toEqual([]);
  });
  it("uses the database by each name of a table", () => {
    expect(check(before(`    const list = await ctx.db.collection("lists").findOne({ id: "1" });
    if (list?.name === "x" || list?.anything) return ctx.drop();
    const rows = await ctx.db.table("Todos").find({ created_at: { $lt: ctx.now }, "address.city": "x" }, { limit: 1 });
    rows[0]?.description?.trim();
    await ctx.db.collection("todos").insertOne({ description: "a", created_at: ctx.now, items: [{ due: ctx.now }] });
    await ctx.db.collection("todos").updateOne({ _id: "a" }, { $set: { done: true } });
    await ctx.db.collection("todos").updateOne({ id: "a" }, { "address.city": "x" });`))).toEqual([]);
  });
  it("the other functions, shared code, fixtures, tests and JavaScript", () => {
    expect(check({
      "hooks/todos.ts": `import { stamp } from "../lib/stamp";
export default {
  beforeWrite(write) { stamp(write); },
  resolveConflict(conflict) {
    if (conflict.fields.includes("status")) return { ...conflict.client, status: conflict.server.status };
    return conflict.base?.done ? "server" : "client";
  },
  afterWrite(change, ctx) { ctx.enqueue("crm", { id: change.id, title: change.new?.description }); },
  async afterCommit(change, ctx) { await ctx.fetch("https://crm.example/", { body: JSON.stringify(change.new) }); },
} satisfies Hooks<"todos">;`,
      "lib/stamp.ts": `export function stamp(write: Write) { if (write.data) write.data.seen = true; }`,
      "hooks/_transaction.ts": `export default { beforeTransaction(writes, ctx) { if (writes.length > 9) ctx.reject("many"); } } satisfies TransactionHooks;`,
      "hooks/_auth.ts": `export default { resolveUser(identity) { return { userId: identity.userId, claims: { a: 1 } }; } } satisfies AuthHooks;`,
      "hooks/plain.js": `export default { beforeWrite(write) { write.data.whatever = missing; } };`,
      "hooks/todos.test.ts": `import todos from "./todos";
import cases from "./cases.json";
test("trims", async () => {
  for (const c of cases) expect((await run(todos, "beforeWrite", { op: "PUT", data: { description: c.in } })).value.description).toBe(c.out);
});`,
      "hooks/cases.json": `[{"in": " a ", "out": "a"}]`,
    })).toEqual([]);
  });
  it("rows of tables that keep unknown fields, and of tables that are not configured, are open", () => {
    expect(check(before(`    if (write.data) { write.data.anything = 1; write.data.archived_at = ctx.now; }`, "lists"))).toEqual([]);
    expect(check(before(`    if (write.data) write.data.anything = 1;\n    return { a: 1 };`, "unknown"))).toEqual([]);
    expect(check(before(`    if (write.data) write.data.descripton = 1; await ctx.db.collection("x").find({ a: 1 });`), contract)).toEqual([]);
  });
});

describe("wrong hooks are told where and why", () => {
  it.each([
    ["a misspelt column", `if (write.op !== "DELETE") write.data.descripton = "x";`, "Property 'descripton' does not exist on type 'TodosColumns'. Did you mean 'description'?"],
    ["another type", `if (write.data) write.data.done = "yes";`, "Type '\"yes\"' is not assignable to type 'boolean | null | undefined'."],
    ["a delete has no data", `write.data.description = "x";`, "'write.data' is possibly 'null'."],
    ["a column may be null", `write.old?.description.trim();`, "'write.old.description' is possibly 'null'."],
    ["a table that is not there", `await ctx.db.collection("todoz").find();`, "Argument of type '\"todoz\"' is not assignable to parameter of type"],
    ["a filter by what is not there", `await ctx.db.collection("todos").findOne({ descripton: "a" });`, "Did you mean to write 'description'?"],
    ["no fetch inside a transaction", `await ctx.fetch("https://x");`, "Property 'fetch' does not exist on type 'WriteContext'."],
    ["no Node", `process.exit(1);`, "process does not exist in hooks."],
    ["no browser", `document.title;`, "document does not exist in hooks."],
    ["no Intl", `new Intl.NumberFormat("en");`, "Intl does not exist in hooks."],
    ["no WeakRef", `new WeakRef({});`, "WeakRef does not exist in hooks."],
    ["no modules of Node", `await import("node:fs");`, "Cannot find module 'node:fs'"],
    ["a syntax error", `const = 1;`, "expected"],
  ])("%s", (_, code, message) => {
    const found = check(before(code));
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(/^hooks\/todos\.ts:3:\d+ /);
    expect(found.join("\n")).toContain(message);
  });
  it("a function that there is not, and a result that means nothing", () => {
    expect(check({ "hooks/todos.ts": `export default { beforewrite(write) {} } satisfies Hooks<"todos">;` })[0]).toContain("Did you mean to write 'beforeWrite'?");
    expect(check({ "hooks/todos.ts": `export default { beforeWrite() { return { descripton: "x" }; } } satisfies Hooks<"todos">;` })[0]).toContain("is not assignable");
  });
});

describe("what an editor asks", () => {
  const text = `export default {\n  beforeWrite(write, ctx) {\n    write.old?.\n  },\n  afterWrite(change, ctx) {\n    ctx.\n  },\n} satisfies Hooks<"todos">;\n`;
  beforeEach(() => { compiler.replace(types, { "hooks/todos.ts": text }); });
  it("completes a row's columns and the context", () => {
    const columns = compiler.complete("hooks/todos.ts", text.indexOf("old?.") + 5);
    expect(columns?.list.map((s) => s.label)).toEqual(expect.arrayContaining(["description", "owner_id", "created_at"]));
    expect(columns?.list).toHaveLength(16);
    const context = compiler.complete("hooks/todos.ts", text.indexOf("ctx.\n") + 4);
    expect(context?.list.map((s) => s.label)).toEqual(expect.arrayContaining(["reject", "enqueue", "db", "user"]));
    expect(compiler.describe("hooks/todos.ts", text.indexOf("ctx.\n") + 4, "reject")?.doc).toContain("Refuses the client");
  });
  it("completes the names of tables inside a string", () => {
    const inside = `export default { beforeWrite(write, ctx) { ctx.db.collection("") } } satisfies Hooks<"todos">;`;
    compiler.update("hooks/todos.ts", inside);
    expect(compiler.complete("hooks/todos.ts", inside.indexOf('("') + 2)?.list.map((s) => s.label)).toEqual(expect.arrayContaining(["todos", "lists"]));
  });
  it("explains what is under the pointer", () => {
    const e = compiler.explain("hooks/todos.ts", text.indexOf("write.old") + 7);
    expect(e?.signature).toContain("TodosRow | null");
    expect(e?.doc).toContain("The stored row");
  });
  it("forgets files that are gone, and does not confuse those that come again", () => {
    const user = `import { a } from "../lib/a";\nexport const b: string = a;`;
    expect(check({ "lib/b.ts": user, "lib/a.ts": `export const a = "x";` })).toEqual([]);
    expect(check({ "lib/b.ts": user })[0]).toContain("Cannot find module '../lib/a'");
    expect(check({ "lib/b.ts": user, "lib/a.ts": `export const a = 1;` })[0]).toContain("Type 'number' is not assignable to type 'string'");
    expect(check({ "lib/b.ts": "", "lib/a.ts": "" })).toEqual([]);
  });
});
