import { describe, expect, it } from "vitest";
import { inside } from "../src/pages/account/inside";
import { to } from "../src/paths";
import { address } from "../src/shell/Link";
import { ago } from "../src/ui/Time";

describe("addresses", () => {
  it("are escaped and carry only the parameters that are set", () => {
    expect(to.logs("ins_1", { request_id: "a b&c" })).toBe("/instances/ins_1/logs?request_id=a%20b%26c");
    expect(to.hooks("ins_1", { file: "hooks/todos.ts" })).toBe("/instances/ins_1/hooks?file=hooks%2Ftodos.ts");
    expect(to.conflict("ins_1", "../x")).toBe("/instances/ins_1/conflicts/..%2Fx");
    expect(to.enable("ins_1")).toBe("/instances/ins_1/enable");
  });
  it("are taken apart for the router", () => {
    expect(address("/a?x=1&y=2#z")).toEqual({ to: "/a", search: { x: "1", y: "2" }, hash: "z" });
  });
  it.each([["/orgs/o", "/orgs/o"], ["//evil.example", "/"], ["https://evil.example", "/"], ["/\\evil.example", "/"], ["javascript:alert(1)", "/"], ["", "/"]])("after signing in, %s leads to %s", (next, want) => {
    expect(inside(next)).toBe(want);
  });
});

describe("moments", () => {
  it.each([[0, "now"], [-90_000, "1 minute ago"], [-7_200_000, "2 hours ago"], [-172_800_000, "2 days ago"], [3_600_000, "in 1 hour"]])("%d ms away is %s", (away, want) => {
    expect(ago(1e12 + away, 1e12)).toBe(want);
  });
});
