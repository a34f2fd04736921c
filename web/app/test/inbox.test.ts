import { describe, expect, it } from "vitest";
import { arrange } from "../src/pages/instance/inbox/groups";
import { compare } from "../src/pages/instance/inbox/live";
import { told } from "../src/pages/instance/inbox/waiting";
import { inPortions, summarise, type Outcome } from "../src/pages/instance/inbox/results";

const words = { done: "replayed", failed: "refused again", states: ["replayed"] };
const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `r${String(i).padStart(3, "0")}`);
const done = (id: string): Outcome => ({ id, status: "replayed" });
const refused = (id: string, error_code: string): Outcome => ({ id, status: "open", error_code });

describe("what came of many", () => {
  it("is told in one line", () => {
    const asked = ids(40);
    const outcomes = [...asked.slice(0, 37).map(done), refused("r037", "UNAUTHORIZED"), refused("r038", "INVALID_DATA"), refused("r039", "UNAUTHORIZED")];
    expect(summarise(words, asked, outcomes).line).toBe("37 of 40 replayed; 3 refused again: UNAUTHORIZED (2), INVALID_DATA.");
    expect(summarise(words, ids(1), ids(1).map(done)).line).toBe("1 of 1 replayed.");
  });
  it("tells what went along apart from what was asked for", () => {
    const results = summarise(words, ["a"], [done("a"), done("b"), { id: "c", status: "held", error_code: "DEPENDS_ON_REJECTED" }]);
    expect(results.line).toBe("1 of 1 replayed; 1 that waited for them replayed, too; 1 that waited for them refused again.");
    expect(results.failed.map((o) => o.id)).toEqual(["c"]);
  });
  it("counts an outcome without a code, but with the wrong state, as failed", () => {
    expect(summarise(words, ["a"], [{ id: "a", status: "held" }]).line).toBe("0 of 1 replayed; 1 refused again: held.");
  });
  it("names a few reasons, and says what was not tried", () => {
    const asked = ["a", "b", "c", "d", "e"];
    expect(summarise(words, asked, [refused("a", "A"), refused("b", "B"), refused("c", "C"), refused("d", "D")], ["e"]).line).toBe("0 of 5 replayed; 4 refused again: A, B, C and 1 more reasons; 1 not tried.");
  });
});

describe("doing something to many", () => {
  it("goes in order, a portion at a time, and skips what went along", async () => {
    const calls: string[][] = [];
    const out = await inPortions(ids(45), (part) => { calls.push(part); return Promise.resolve([...part, "r020", "r021"].map(done)); }, () => undefined);
    expect(calls.map((c) => c.length)).toEqual([20, 18, 5]);
    expect(calls.flat()).toEqual(ids(45).filter((id) => id !== "r020" && id !== "r021"));
    expect(out.untried).toEqual([]);
  });
  it("ends with the call that fails: what comes after may depend on it", async () => {
    const seen: number[] = [];
    const out = await inPortions(ids(60), (part) => (part[0] === "r020" ? Promise.reject(new Error("down")) : Promise.resolve(part.map(done))), (n) => { seen.push(n); });
    expect(out.outcomes.length).toBe(20);
    expect(out.untried.length).toBe(40);
    expect(out.error).toEqual(new Error("down"));
    expect(seen).toEqual([0, 20]);
  });
});

describe("groups", () => {
  const row = (id: string, group = id) => ({ id, group });
  it("stand below what they wait for, in the order of their release", () => {
    const placed = arrange([row("7"), row("6", "2"), row("5"), row("4", "2"), row("2"), row("1")]);
    expect(placed.map((p) => [p.row.id, p.child])).toEqual([["7", false], ["2", false], ["4", true], ["6", true], ["5", false], ["1", false]]);
  });
  it("stand for themselves while their first one is not shown", () => {
    expect(arrange([row("4", "2"), row("3")]).map((p) => [p.row.id, p.child, p.orphan])).toEqual([["4", false, true], ["3", false, false]]);
  });
});

describe("a list that follows what happens", () => {
  const row = (id: string, status = "open") => ({ id, status });
  it("changes rows in place, and counts what would come and go", () => {
    const shown = [row("5"), row("4"), row("3"), row("2"), row("1")];
    const head = { data: [row("7"), row("6"), row("5", "held"), row("3")], next_cursor: "more" };
    const { rows, count } = compare(shown, head);
    expect(rows.map((r) => r.id)).toEqual(["5", "4", "3", "2", "1"]);
    expect(rows[0]?.status).toBe("held");
    expect(count).toBe(3); // 7 and 6 came, 4 went; 2 and 1 are further down than the beginning reaches
  });
  it("notices that everything went", () => {
    expect(compare([row("2"), row("1")], { data: [], next_cursor: null }).count).toBe(2);
    expect(compare([], { data: [row("1")], next_cursor: null }).count).toBe(1);
    expect(compare([row("1")], undefined).count).toBe(0);
  });
});

describe("what waits", () => {
  it("is counted by state and in all, up to a bound", () => {
    expect(told({ open: 3, held: 0 }, 100)).toEqual({ open: "3", waiting: "3" });
    expect(told({ open: 100, held: 7 }, 100)).toEqual({ open: "100+", held: "7", waiting: "107+" });
    expect(told({ open: 0 }, 100)).toEqual({});
  });
});
