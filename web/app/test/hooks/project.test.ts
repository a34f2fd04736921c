import { describe, expect, it } from "vitest";
import { edits } from "../../src/pages/instance/hooks/edits";
import { groupsOf, itemsOf, kindOf, tableOf, textsOf, unsavedOf, wrongName, type Draft } from "../../src/pages/instance/hooks/project";

const file = (path: string, content: string, etag = `"1"`): Draft["files"][number] => ({ path, content, etag, updated_at: "2026-11-26T12:00:00Z", updated_by: "usr_1", updated_by_name: "Ann" });
const draft = (...files: Draft["files"]): Draft => ({ config: "", config_etag: "", config_changed: false, changes: [], deployment: null, updated_at: null, files });

describe("what is not saved lies over what is", () => {
  it("tells changed, new, unchanged and stale files apart", () => {
    const items = itemsOf(draft(file("hooks/a.ts", "a"), file("hooks/b.ts", "b", `"2"`), file("lib/c.ts", "c")), {
      "hooks/a.ts": { text: "A", etag: `"1"` }, "hooks/b.ts": { text: "B", etag: `"1"` }, "lib/c.ts": { text: "c", etag: `"1"` }, "lib/new.ts": { text: "n", etag: "" }, "lib/gone.ts": { text: "g", etag: `"4"` },
    });
    expect(items.map((i) => [i.path, i.unsaved, i.stale])).toEqual([["hooks/a.ts", true, false], ["hooks/b.ts", true, true], ["lib/c.ts", false, false], ["lib/gone.ts", true, true], ["lib/new.ts", true, false]]);
    expect(unsavedOf(items)).toEqual({ "hooks/a.ts": "A", "hooks/b.ts": "B", "lib/gone.ts": "g", "lib/new.ts": "n" });
    expect(textsOf(items)["lib/c.ts"]).toBe("c");
    expect(unsavedOf(itemsOf(draft(file("hooks/a.ts", "a")), {}))).toBeUndefined();
  });
  it("is kept by instance, and knows when closing would lose something", () => {
    edits.put("ins_1", "hooks/a.ts", { text: "x", etag: "" });
    edits.put("ins_2", "hooks/a.ts", { text: "y", etag: "" });
    edits.drop("ins_1", "hooks/a.ts");
    expect([edits.get("ins_1"), edits.get("ins_2")["hooks/a.ts"]?.text, edits.any()]).toEqual([{}, "y", true]);
    edits.drop("ins_2", "hooks/a.ts");
    expect(edits.any()).toBe(false);
  });
});

describe("names of files", () => {
  it.each([["hooks/todos.ts", "hook", "todos"], ["hooks/_auth.ts", "hook", undefined], ["hooks/todos.test.ts", "test", undefined], ["hooks/deep/x.ts", "shared", undefined], ["lib/a.js", "shared", undefined], ["hooks/cases.json", "data", undefined]])("%s is a %s", (path, kind, table) => {
    expect([kindOf(path), tableOf(path)]).toEqual([kind, table]);
  });
  it.each([["hooks/todos.ts", "There is"], ["hooks/new.ts", ""], ["hooks/../x.ts", "Files are"], ["x.ts", "Files are"], ["hooks/x.tsx", "Files are"], ["lib/a/b/c.json", ""]])("%s: %s", (path, why) => {
    const got = wrongName(path, ["hooks/todos.ts"]);
    expect(why === "" ? got === "" : got.startsWith(why)).toBe(true);
  });
  it("groups them, without empty groups", () => {
    const items = itemsOf(draft(file("hooks/a.ts", ""), file("hooks/a.test.ts", ""), file("hooks/a.json", "[]")), {});
    expect(groupsOf(items).map((g) => [g.title, g.items.map((i) => i.path)])).toEqual([["Hooks", ["hooks/a.ts"]], ["Tests and fixtures", ["hooks/a.json", "hooks/a.test.ts"]]]);
  });
});
