import { describe, expect, it } from "vitest";
import { amounts, headersOf, moved, signalLabel, stateOf, type ExportSignal, type HeaderField } from "../src/pages/organization/exports/words";

const signal = (more: Partial<ExportSignal>): ExportSignal => ({ signal: "traces", sent: 0, dropped: 0, failed_attempts: 0, due_at: "2026-11-26T12:00:00Z", ...more });
const field = (name: string, value: string, kept = false): HeaderField => ({ key: name, name, value, kept });

describe("the state of what is exported", () => {
  it("is one word, the worst first", () => {
    expect(stateOf(signal({})).word).toBe("Nothing sent yet");
    expect(stateOf(signal({ sent_at: "2026-11-26T12:00:00Z" })).word).toBe("Fine");
    expect(stateOf(signal({ sent_at: "2026-11-26T12:00:00Z", error: "The receiver did not take a part." })).word).toBe("Partly refused");
    expect(stateOf(signal({ sent_at: "2026-11-26T12:00:00Z", error: "The receiver answered 503.", failed_attempts: 2 })).word).toBe("Failing");
    expect(stateOf(signal({ due_at: undefined, failed_attempts: 2 })).word).toBe("Paused");
  });

  it("says how much was sent and lost", () => {
    expect(amounts(signal({ sent: 1200, dropped: 3 }))).toBe("1,200 sent, 3 dropped");
    expect(signalLabel("traces")).toBe("Traces");
    expect(signalLabel("profiles")).toBe("profiles");
  });
});

describe("headers of an export", () => {
  it("keep sealed values that are left empty, and are lower case", () => {
    expect(headersOf([field("authorization", "", true), field("X-Team", "a"), field("", "")])).toEqual({ headers: { authorization: "", "x-team": "a" }, problem: undefined });
  });

  it("are refused with what is wrong", () => {
    expect(headersOf([field("x", "")]).problem).toMatch(/needs a value/);
    expect(headersOf([field("a b", "1")]).problem).toMatch(/name/);
    expect(headersOf([field("", "1")]).problem).toMatch(/name/);
    expect(headersOf([field("x", "1"), field("X", "2")]).problem).toMatch(/twice/);
    expect(headersOf([field("__proto__", "1")]).headers).not.toHaveProperty("authorization");
  });

  it("do not go to another host", () => {
    expect(moved("https://a.example", "https://a.example/otlp")).toBe(false);
    expect(moved("https://a.example", "https://b.example")).toBe(true);
    expect(moved("https://a.example", "http://a.example")).toBe(true);
    expect(moved("https://a.example", "nonsense")).toBe(true);
  });
});
