import { describe, expect, it } from "vitest";
import { parse } from "../src/pages/instance/configuration/document";
import { append, rename, set, spelled, unset } from "../src/pages/instance/configuration/edits";

const text = `# The app's write path.
source:
  type: mongodb   # a replica set
  uri: {secret: SOURCE_URI}

auth:
  powersync_url: "https://ps.example"  # staging
  providers:
    # servers of ours
    - {name: server, type: api_key}

# What devices may write.
tables:
  todos:
    id: objectid
    # Owners only.
    allow:
      create: new.owner_id == user.id
    fields:
      name: {type: string}
      due: {type: date} # in UTC
`;

const comments = (t: string): string[] => [...t.matchAll(/#[^\n]*/g)].map((m) => m[0].trim());

describe("an edit of the form", () => {
  it("changes the value and not one character beside it", () => {
    expect(set(text, ["auth", "powersync_url"], "https://ps2.example")).toBe(text.replace("https://ps.example", "https://ps2.example"));
    expect(set(text, ["tables", "todos", "fields", "due", "type"], "string")).toBe(text.replace("{type: date}", "{type: string}"));
    expect(set(text, ["tables", "todos", "allow", "create"], "true")).toBe(text.replace("new.owner_id == user.id", '"true"'));
  });
  it("adds a setting under its brothers and keeps the rest to the letter", () => {
    expect(set(text, ["tables", "todos", "allow", "delete"], "old.owner_id == user.id")).toBe(
      text.replace("      create: new.owner_id == user.id\n", "      create: new.owner_id == user.id\n      delete: old.owner_id == user.id\n"),
    );
    expect(set(text, ["tables", "todos", "fields", "note"], { type: "string" }, true)).toBe(`${text}      note: {type: string}\n`);
    expect(set(text, ["tables", "todos", "on_conflict"], "merge")).toBe(`${text}    on_conflict: merge\n`);
  });
  it("adds to a mapping in braces, in braces", () => {
    const out = set(text, ["tables", "todos", "fields", "name", "immutable"], true);
    expect(out).toContain("name: {type: string, immutable: true}");
    expect(comments(out)).toEqual(comments(text));
  });
  it("makes the sections on the way", () => {
    const out = set(text, ["hooks", "timeout"], "300ms");
    expect(out.startsWith(text)).toBe(true);
    expect(parse(out).toJS()).toMatchObject({ hooks: { timeout: "300ms" } });
  });
  it("fills a section that stands there empty", () => {
    expect(parse(set("a: 1\ntables:\n", ["tables", "x", "id"], "uuid")).toJS()).toEqual({ a: 1, tables: { x: { id: "uuid" } } });
    expect(parse(set("tables: {}\n", ["tables", "x", "id"], "uuid")).toJS()).toEqual({ tables: { x: { id: "uuid" } } });
    expect(parse(set("", ["on_failure"], "skip")).toJS()).toEqual({ on_failure: "skip" });
  });
  it("removes a setting's lines, and a section with nothing left", () => {
    expect(unset(text, ["tables", "todos", "id"])).toBe(text.replace("    id: objectid\n", ""));
    const out = unset(text, ["tables", "todos", "allow", "create"]);
    expect(parse(out).toJS()).not.toHaveProperty("tables.todos.allow");
    expect(out).toContain("# in UTC");
    expect(unset(text, ["hooks", "timeout"])).toBe(text);
  });
  it("keeps a column whose last setting goes", () => {
    const out = unset(text, ["tables", "todos", "fields", "name", "type"], 4);
    expect(parse(out).toJS()).toMatchObject({ tables: { todos: { fields: { name: {}, due: { type: "date" } } } } });
    expect(comments(out)).toEqual(comments(text));
  });
  it("writes a column out that was but a type", () => {
    const out = set("tables:\n  t:\n    fields:\n      due: date # UTC\n", ["tables", "t", "fields", "due"], { type: "date", merge: "max" }, true);
    expect(out).toContain("due: {type: date, merge: max}");
  });
  it("removes from a list", () => {
    const out = unset(text, ["auth", "providers", 0]);
    expect(parse(out).toJS()).toMatchObject({ auth: { providers: [] } });
  });
  it("renames a table in its place", () => {
    expect(rename(text, ["tables", "todos"], "tasks")).toBe(text.replace("  todos:", "  tasks:"));
  });
  it("appends to a list and keeps every comment", () => {
    const out = append(text, ["auth", "providers"], { name: "app", type: "jwks" });
    expect(parse(out).toJS()).toMatchObject({ auth: { providers: [{ name: "server" }, { name: "app", type: "jwks" }] } });
    expect(comments(out)).toEqual(comments(text));
    expect(parse(append("a: 1\n", ["auth", "providers"], { name: "app" })).toJS()).toEqual({ a: 1, auth: { providers: [{ name: "app" }] } });
  });
  it("quotes what would be read as something else", () => {
    for (const value of ["yes: no", "a, b]", "{x}", "# not a comment", "null", "12", "'", '"', "*x", "a\nb", " padded ", "", "é\u202e"]) {
      const inBraces = set(text, ["tables", "todos", "fields", "name", "path"], value);
      expect(parse(inBraces).getIn(["tables", "todos", "fields", "name", "path"])).toBe(value);
      const inBlock = set(text, ["source", "type"], value);
      expect(parse(inBlock).getIn(["source", "type"])).toBe(value);
      expect(parse(inBlock).toJS()).toMatchObject({ auth: { powersync_url: "https://ps.example" } });
    }
  });
  it("is refused while the text is no YAML", () => {
    expect(() => set("a: [1", ["b"], 2)).toThrow(/cannot be read/);
  });
});

describe("spelled", () => {
  it("is how findings name places", () => {
    expect(spelled(["auth", "providers", 1, "issuer"])).toBe("auth.providers[1].issuer");
  });
});
