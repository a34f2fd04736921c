import { describe, expect, it } from "vitest";
import type { components } from "../src/api/schema";
import { byRequest, flat, type LogRows } from "../src/pages/instance/observe/groups";
import { counted, many, rangeOf, took, within } from "../src/pages/instance/observe/numbers";
import { gapped, linesOf, quantileLines, quantileOf, total, type SeriesAnswer } from "../src/pages/instance/observe/series";
import { barOf } from "../src/pages/instance/observe/steps";
import { whereOf } from "../src/pages/instance/observe/where";
import { summaryOf } from "../src/pages/instance/observe/words";
import { sampled } from "../src/ui/sample";

const line = (id: string, request_id: string, more: object = {}) => ({ id, request_id, at: "2026-11-26T12:00:00Z", kind: "transaction", level: "info", outcome: "success", ...more }) as components["schemas"]["LogEntry"];

describe("figures", () => {
  it("are said as people say them", () => {
    expect([0, 999, 1_500, 12_345, 2_300_000].map(counted)).toEqual(["0", "999", "1,500", "12.3K", "2.3M"]);
    expect([12, 999, 1_500, 45_300, 2_000_000].map(took)).toEqual(["12 µs", "999 µs", "1.5 ms", "45 ms", "2 s"]);
    expect([many(1, "device"), many(3, "device"), many(2, "applied", "applied")]).toEqual(["1 device", "3 devices", "2 applied"]);
  });

  it("come from ranges that end with the step that goes on", () => {
    const now = Date.UTC(2026, 10, 26, 12, 34, 56);
    expect(within("1h", now)).toEqual({ since: "2026-11-26T11:35:00.000Z", until: "2026-11-26T12:35:00.000Z", step: 60 });
    for (const name of ["1h", "24h", "7d", "30d"] as const) {
      const { since, until, step } = within(name, now);
      expect((Date.parse(until) - Date.parse(since)) / 1000 / step).toBeLessThanOrEqual(1500);
      expect(Date.parse(until) % (step * 1000)).toBe(0);
    }
    expect([rangeOf("7d"), rangeOf("nonsense"), rangeOf("toString")]).toEqual(["7d", "1h", "1h"]);
  });
});

describe("series", () => {
  const answer = {
    since: "", until: "", step: 60, times: [0, 60],
    series: [
      { name: "errors", label: "A", outcome: "fatal_error", values: [1, 2] }, { name: "errors", label: "A", outcome: "retryable_error", values: [1, 0] },
      { name: "errors", label: "B", outcome: "fatal_error", values: [9, 9] }, { name: "errors", label: "C", values: [1, null] }, { name: "latency", label: "p50", values: [null, 5] },
    ],
  } as unknown as SeriesAnswer;

  it("are added up by what is asked for, the largest first, and the rest is one line", () => {
    expect(linesOf(answer, "errors", (s) => s.label ?? "")).toEqual([{ label: "B", values: [9, 9] }, { label: "A", values: [2, 2] }, { label: "C", values: [1, 0] }]);
    expect(linesOf(answer, "errors", (s) => s.label ?? "", 2)).toEqual([{ label: "B", values: [9, 9] }, { label: "others", values: [3, 2] }]);
  });

  it("of times keep their gaps", () => {
    expect(gapped(answer, "latency")).toEqual([{ label: "p50", values: [null, 5] }]);
    expect(total([null, 5, 2])).toBe(7);
  });

  it("of quantiles are one for each collection, the slowest first, or all of the one that is chosen", () => {
    const of = (label: string, outcome: string, values: (number | null)[]) => ({ name: "table_latency", label, outcome, values });
    const tables = { ...answer, series: [of("todos", "p50", [1, 2]), of("todos", "p90", [3, null]), of("lists", "p50", [7, 7]), of("lists", "p90", [9, 9]), { name: "errors", label: "A", outcome: "p90", values: [99, 99] }] } as unknown as SeriesAnswer;
    expect(quantileLines(tables, "table_latency", "p90", "")).toEqual([{ label: "lists", values: [9, 9] }, { label: "todos", values: [3, null] }]);
    expect(quantileLines(tables, "table_latency", "p90", "", 1).map((l) => l.label)).toEqual(["lists"]);
    expect(quantileLines(tables, "table_latency", "p90", "todos")).toEqual([{ label: "p50", values: [1, 2] }, { label: "p90", values: [3, null] }]);
    expect([quantileOf("p99"), quantileOf("nonsense")]).toEqual(["p99", "p90"]);
  });

  it("are thinned for those who listen, without losing their ends", () => {
    expect(sampled(3, 24)).toEqual([0, 1, 2]);
    const few = sampled(720, 24);
    expect([few.length, few[0], few[23]]).toEqual([24, 0, 719]);
  });
});

describe("lines of the log", () => {
  it("stand with their request where its first line stands", () => {
    const lines = [line("1", "a"), line("2", "b"), line("3", "a"), line("4", "")];
    const all = (rows: LogRows) => Array.from({ length: rows.length }, (_, n) => rows.at(n));
    expect(all(flat(lines)).map((r) => r?.line.id)).toEqual(["1", "2", "3", "4"]);
    expect(flat(lines).at(4)).toBeUndefined();
    expect(all(byRequest(lines)).map((r) => r && [r.line.id, r.group, r.inner])).toEqual([["1", 2, false], ["3", 1, true], ["2", 1, false], ["4", 1, false]]);
  });

  it("say what was written, and why not", () => {
    expect(summaryOf(line("1", "a", { operations: [{ table: "todos", put: 2, delete: 1 }, { table: "lists", patch: 1 }], user_id: "u" }))).toBe("2 put, 1 delete todos; 1 patch lists · user u");
    expect(summaryOf(line("1", "a", { kind: "token", code: "token_expired", message: "The token has expired." }))).toBe("token_expired · The token has expired.");
  });
});

describe("a concern", () => {
  it("points to its page with its filters, and to the overview when that is unknown", () => {
    const concern = { code: "x", severity: "warning", title: "t", page: "devices", query: { stuck: "true" } } as components["schemas"]["Concern"];
    expect(whereOf(concern, "ins_1")).toEqual({ href: "/instances/ins_1/clients?stuck=true", label: "Clients" });
    expect(whereOf({ ...concern, page: "nowhere", query: undefined }, "ins_1").href).toBe("/instances/ins_1");
  });
});

describe("steps of a transaction", () => {
  it("have bars that begin where they began, can be seen however short, and never leave the whole", () => {
    expect(barOf({ at_us: 250, duration_us: 500 }, 1000)).toEqual({ from: 25, width: 50 });
    expect(barOf({ at_us: 0, duration_us: 1 }, 1_000_000)).toEqual({ from: 0, width: 1 });
    expect(barOf({ at_us: 999, duration_us: 5 }, 1000)).toEqual({ from: 99, width: 1 });
    expect(barOf({ at_us: 10, duration_us: 10 }, 0)).toEqual({ from: 0, width: 100 });
  });
});
