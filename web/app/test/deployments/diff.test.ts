import { expect, it } from "vitest";
import { differencesOf, nothing } from "../../src/pages/instance/deployments/diff";

it("lists what differs, the configuration first", () => {
  const before = { config: "a: 1", files: { "hooks/a.ts": "1", "hooks/b.ts": "2", "lib/same.ts": "s" } };
  const after = { config: "a: 2", files: { "hooks/b.ts": "3", "hooks/c.ts": "", "lib/same.ts": "s" } };
  expect(differencesOf(before, after).map((d) => `${d.change} ${d.path}`)).toEqual(["changed turnkey.yaml", "removed hooks/a.ts", "changed hooks/b.ts", "added hooks/c.ts"]);
  expect(differencesOf(after, after)).toEqual([]);
  expect(differencesOf(nothing, { config: "x", files: {} })).toEqual([{ path: "turnkey.yaml", change: "added", before: "", after: "x" }]);
});
