// @vitest-environment node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Compiler } from "../../src/editor/compiler";
import { libs } from "../../src/editor/libs";
import type { Table } from "../../src/pages/instance/hooks/template";
import { templates } from "../../src/pages/instance/hooks/templates";
import { lists, todos } from "./tables";

const hook = join(import.meta.dirname, "../../../../runtime/hook");
const types = readFileSync(join(hook, "turnkey.d.ts"), "utf8") + readFileSync(join(hook, "typescript/testdata/mongodb.d.ts"), "utf8");
const compiler = new Compiler(libs);
const cases = templates.flatMap((t) => [todos, lists].map((table): [string, string, Table, (typeof templates)[number]] => [t.id, table.name, table, t]));

describe("each template compiles with the types of a table that can have it", () => {
  it.each(cases)("%s for %s", (_, __, table, template) => {
    const made = template.make(table);
    if ("reason" in made) {
      expect(made.reason).toContain(`${table.name} has no `);
      return;
    }
    compiler.replace(types, { "hooks/todos.ts": `export default {} satisfies Hooks<"todos">;`, "hooks/lists.ts": `export default {} satisfies Hooks<"lists">;`, [made.path]: made.text });
    expect(compiler.allProblems()).toEqual([]);
  });
});

it("offers at least eight, and each is possible somewhere", () => {
  expect(templates.length).toBeGreaterThanOrEqual(10);
  for (const t of templates) expect([todos, lists].some((table) => "text" in t.make(table)), t.id).toBe(true);
});

it("columns whose names are no identifiers are reached as members", () => {
  const odd: Table = { ...todos, name: "odd-table", columns: [{ name: "placed-text", path: "placed-text", type: "string", immutable: false, ignored: false, merge: "last_write" }] };
  const declared = types + `
interface Tables { "odd-table": { _id: string; "placed-text": string | null } }
interface Columns { "odd-table": { "placed-text"?: string | null } }`;
  for (const template of templates) {
    const made = template.make(odd);
    if ("reason" in made) continue;
    compiler.replace(declared, { "hooks/odd-table.ts": "export default {};", [made.path]: made.text });
    expect(compiler.allProblems(), template.id).toEqual([]);
  }
});
