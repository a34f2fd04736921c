import { describe, expect, it } from "vitest";
import { columnAt, lineAt, locate, marks, parse } from "../src/pages/instance/configuration/document";

const text = `# who we are
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: todo}
auth:
  powersync_url: https://ps.example
  providers:
    - {name: server, type: api_key}
    - name: app
      type: jwks
      issuer: https://issuer.example
tables:
  todos:
    id: objectid # the type of ids
    fields:
      a.b: {type: string}
      state: {type: string, transitions: {open: [done, cancelled]}}
  empty:
`;

const at = (path: string): [number, string, boolean] => {
  const p = locate(parse(text), path);
  return [lineAt(text, p.from), text.slice(p.from, p.to), p.whole];
};

describe("the place of a path", () => {
  const cases: [string, [number, string, boolean]][] = [
    ["auth.powersync_url", [4, "https://ps.example", true]],
    ["auth.providers[0].type", [6, "api_key", true]],
    ["auth.providers[1].issuer", [9, "https://issuer.example", true]],
    ["source.uri.secret", [2, "SOURCE_URI", true]],
    ["tables.todos", [11, "todos", true]],
    ["tables.todos.id", [12, "objectid", true]],
    ["tables.todos.fields.a.b.type", [14, "string", true]],
    ["tables.todos.fields.state.transitions.open[1]", [15, "cancelled", true]],
    ["tables.empty", [16, "empty", true]],
  ];
  it.each(cases)("%s", (path, place) => {
    expect(at(path)).toEqual(place);
  });
  it("is where it would have to stand when it is missing", () => {
    expect(at("tables.todos.allow.create")).toEqual([11, "todos", false]);
    expect(at("auth.providers[1].audience")).toEqual([7, "n", false]);
    expect(at("hooks.timeout")[2]).toBe(false);
  });
  it("does not take the beginning of a key for the key", () => {
    expect(at("tables.todo")).toEqual([10, "tables", false]);
  });
});

describe("marks", () => {
  it("say the path of what is missing, and bring findings to their lines", () => {
    const [a, b] = marks(text, [{ path: "tables.todos.id", code: "choice", message: "No such type." }], [{ path: "tables.todos.allow", message: "Nobody may write.", hint: "Add rules." }]);
    expect(a).toMatchObject({ severity: "warning", message: "tables.todos.allow: Nobody may write. Add rules." });
    expect(b).toMatchObject({ severity: "error", message: "No such type." });
    expect(text.slice(b?.from, b?.to)).toBe("objectid");
  });
  it("tell a mistake of YAML once, where it is", () => {
    const broken = "auth:\n  a: [1, 2\ntables: {}\n";
    const found = marks(broken, [{ path: "", code: "not_yaml", message: "the document is not valid YAML: line 3: did not find" }], []);
    expect(found.length).toBeGreaterThan(0);
    expect(found.some((m) => m.message.includes("did not find"))).toBe(false);
    for (const m of found) expect(m.to).toBeLessThanOrEqual(broken.length);
  });
  it("take the line from the server where only it finds a mistake", () => {
    const [m] = marks("a: 1\n<<: {b: 2}\nc: 3\n", [{ path: "", code: "not_yaml", message: "line 2: only plain keys are used in a configuration, no merge keys (<<)" }], []);
    expect(m).toMatchObject({ from: 5, to: 15 });
  });
  it("leave findings of hook files to the hooks page", () => {
    expect(marks(text, [{ path: "hooks/todos.ts", line: 3, message: "x is not defined" }], [])).toEqual([]);
  });
  it("stand within the text whatever the text is", () => {
    for (const t of ["", "\n", ": :", "a: |\n  b", "- 1\n- 2", "a: &x {b: 1}\nc: *x\n", "\u202Eabc: 1"]) {
      for (const m of marks(t, [{ path: "c.b", message: "no" }, { path: "tables.x[3].y", message: "no" }], [])) {
        expect(m.from).toBeGreaterThanOrEqual(0);
        expect(m.to).toBeLessThanOrEqual(t.length);
      }
    }
  });
});

describe("the column of a place", () => {
  it("begins at 1 on each line", () => {
    expect([0, 1, 2, 3, 4].map((n) => columnAt("ab\ncd", n))).toEqual([1, 2, 3, 1, 2]);
  });
});
