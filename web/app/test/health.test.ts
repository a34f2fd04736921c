import { describe, expect, it } from "vitest";
import { health } from "../src/pages/organization/project/health";

const runtime = { id: "r1", version: "1", revision: 3 };
const good = { state: "active" as const, deployment: 3, status: { ready: true, runtimes: [runtime], conditions: [], notes: [] } };
const trouble = { code: "source_down", message: "The source does not answer.", since: "2026-01-01T00:00:00Z" };

describe("how an instance does, in a list", () => {
  const cases: [string, Parameters<typeof health>[0]][] = [
    ["Healthy", good],
    ["Updating", { ...good, status: { ...good.status, ready: false } }],
    ["No runtime", { ...good, status: { ...good.status, ready: false, runtimes: [] } }],
    ["Not deployed", { ...good, deployment: 0 }],
    ["Needs attention", { ...good, status: { ...good.status, conditions: [trouble] } }],
    ["Paused", { ...good, state: "paused", status: { ...good.status, conditions: [trouble] } }],
  ];
  it.each(cases)("is told as %s", (word, instance) => {
    expect(health(instance).word).toBe(word);
  });
  it("quotes the condition", () => {
    expect(health({ ...good, status: { ...good.status, conditions: [trouble] } }).detail).toBe("The source does not answer.");
  });
});
