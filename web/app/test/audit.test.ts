import { describe, expect, it } from "vitest";
import { changes, moment, words } from "../src/pages/organization/audit/diff";
import { nouns } from "../src/pages/organization/tokens/scopes";

describe("what an audit event changed", () => {
  it("is told field by field, before and after", () => {
    expect(changes({ name: { from: "Todo", to: "Tasks" }, token: { to: "[redacted]" }, state: { from: "active" } })).toEqual([
      { field: "name", from: "Todo", to: "Tasks" },
      { field: "token", from: undefined, to: "[redacted]" },
      { field: "state", from: "active", to: undefined },
    ]);
  });
  it("names what came to a list and what went", () => {
    expect(changes({ projects: { from: ["prj_1", "prj_2"], to: ["prj_2", "prj_3"] } })).toEqual([{ field: "projects", from: "prj_1", to: "prj_3" }]);
  });
  it("goes into objects, and leaves out what stayed", () => {
    expect(changes({ settings: { from: { a: 1, b: { c: true, d: 2 } }, to: { a: 1, b: { c: false, d: 2 }, e: "x" } } })).toEqual([
      { field: "settings.b.c", from: "true", to: "false" },
      { field: "settings.e", from: undefined, to: "x" },
    ]);
  });
  it("shows the empty text and false as what they are", () => {
    expect(changes({ message: { from: "", to: false } })).toEqual([{ field: "message", from: "(empty)", to: "false" }]);
  });
  it("leaves out what was and is nothing", () => {
    expect(changes({ files: { to: null }, projects: { from: null, to: ["prj_1"] } })).toEqual([{ field: "projects", from: undefined, to: "prj_1" }]);
  });
  it("is nothing where nothing is told", () => {
    for (const raw of [null, undefined, {}, [], "x", 3]) expect(changes(raw)).toEqual([]);
  });
});

describe("the words of the audit page", () => {
  it("are made from the kind", () => {
    expect(words("signing_key.rotated")).toBe("Signing key rotated");
  });
  it("turn the browser's time into the API's", () => {
    expect(moment("")).toBeUndefined();
    expect(moment("nonsense")).toBeUndefined();
    expect(moment("2026-03-01T10:00")).toMatch(/^2026-0[23]-\d\dT\d\d:00:00\.000Z$/);
  });
});

describe("the scopes of a token", () => {
  it("are sorted by what they are about", () => {
    expect(nouns(["dev_token:create", "config:write", "instance:read", "instance:delete"])).toEqual([
      ["Config", [{ value: "config:write", label: "write" }]],
      ["Dev token", [{ value: "dev_token:create", label: "create" }]],
      ["Instance", [{ value: "instance:delete", label: "delete" }, { value: "instance:read", label: "read" }]],
    ]);
  });
});
