import { describe, expect, it } from "vitest";
import type { Problem } from "../../src/editor/compiler";
import { itemsOf, type Draft } from "../../src/pages/instance/hooks/project";
import { linesOf, type Found } from "../../src/pages/instance/hooks/problems";
import { join, sentence, type Report } from "../../src/pages/instance/hooks/report";
import { recorded } from "../../src/pages/instance/hooks/RunPanel";
import { readSample } from "../../src/pages/instance/hooks/SampleForm";

const report = (more: Partial<Report>): Report => ({ total: 0, same: 0, differ: 0, new_rejections: 0, now_accepted: 0, skipped: 0, errors: 0, examples: [], ...more });

describe("a report in one sentence", () => {
  it.each([
    [report({}), "There is nothing recorded to compare with."],
    [report({ total: 3, same: 3 }), "None of 3 differs."],
    [report({ total: 4120, differ: 37, new_rejections: 2 }), "37 of 4,120 differ; 2 new rejections."],
    [report({ total: 9, differ: 1, new_rejections: 1, now_accepted: 1, skipped: 2, errors: 1 }), "1 of 9 differs; 1 new rejection; 1 would now be accepted; 2 cannot be judged alone; 1 could not be tried."],
  ])("%#", (r, text) => { expect(sentence(r)).toBe(text); });
  it("parts add up", () => {
    expect(join(report({ total: 2, differ: 1 }), report({ total: 3, same: 3 }))).toMatchObject({ total: 5, differ: 1, same: 3 });
  });
});

describe("the list of problems", () => {
  const ours: Problem = { path: "hooks/b.ts", from: 10, to: 14, line: 2, column: 3, severity: "error", message: "m" };
  const draft = (text: string): Draft => ({ config: "", config_etag: "", config_changed: false, changes: [], deployment: null, updated_at: null, files: [{ path: "hooks/a.ts", content: text, etag: "", updated_at: "", updated_by: "" }] });
  const found: Found = {
    of: "test", texts: { "hooks/a.ts": "old" }, warnings: [],
    errors: [{ path: "hooks/a.ts", line: 4, message: "was wrong", expectation: { matcher: "toBe", expected: "1", received: "2" } }, { path: "tables.todos", message: "no such hook" }],
  };
  it("has what TypeScript and the server say, in reading order", () => {
    const lines = linesOf([ours], [found], itemsOf(draft("old"), {}));
    expect(lines.map((l) => `${l.path}:${l.line} ${l.source}`)).toEqual(["hooks/a.ts:4 Test", "hooks/b.ts:2 TypeScript", "tables.todos:0 Test"]);
    expect(lines[0]?.message).toBe("was wrong toBe: expected 1, received 2");
    expect(lines[1]?.length).toBe(4);
  });
  it("drops what the server said about a text that has changed since", () => {
    expect(linesOf([], [found], itemsOf(draft("new"), {})).map((l) => l.path)).toEqual(["tables.todos"]);
  });
});

describe("what is sent to be run", () => {
  it("a recorded case by its id", () => {
    expect(recorded("conflict:cnf_1")).toEqual({ conflict_id: "cnf_1" });
    expect(recorded("rejection:rej_1")).toEqual({ rejection_id: "rej_1" });
    expect(recorded("write:req_1-2")).toEqual({ write_id: "req_1-2" });
    expect(() => recorded("recorded")).toThrow("Choose");
  });
  it("a sample, where an empty box is what is not said", () => {
    const s = { table: "todos", op: "PATCH" as const, id: "1", data: `{"a":1}`, previous: "", old: "null", user: `{"id":"u"}` };
    expect(readSample(s)).toEqual({ operation: { op: "PATCH", table: "todos", id: "1", data: { a: 1 }, previousValues: undefined }, user: { id: "u" }, old: null });
    expect(readSample({ ...s, old: "" })).not.toHaveProperty("old");
    expect(() => readSample({ ...s, data: "{" })).toThrow("The data is no JSON.");
  });
});
