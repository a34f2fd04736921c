import { describe, expect, it } from "vitest";
import { timeline, type SigningKey } from "../src/pages/instance/keys/timeline";

const at = (minutes: number): string => new Date(minutes * 60_000).toISOString();
const key = (id: string, publish: number, sign: number, retire?: number, revoked?: number): SigningKey => ({
  id, algorithm: "EdDSA", status: "signing", created_at: at(publish), publish_at: at(publish), sign_from: at(sign),
  retire_at: retire === undefined ? null : at(retire), revoked_at: revoked === undefined ? null : at(revoked),
});
const kinds = (keys: SigningKey[], now: number): string[][] => timeline(keys, now * 60_000).rows.map((r) => r.stretches.map((s) => s.kind));

describe("the life of signing keys, drawn", () => {
  it("is one stretch for the only key", () => {
    expect(kinds([key("a", 0, 0)], 100)).toEqual([["signing"]]);
  });
  it("hands over to a younger key while both are published", () => {
    expect(kinds([key("b", 100, 110), key("a", 0, 0, 117)], 105)).toEqual([["published", "signing"], ["signing", "retiring"]]);
  });
  it("ends at once when a key is revoked", () => {
    const [row] = timeline([key("a", 0, 0, undefined, 50)], 60 * 60_000).rows;
    expect(row?.stretches.map((s) => s.kind)).toEqual(["signing"]);
    expect(row?.stretches[0]?.to).toBeLessThan(timeline([key("a", 0, 0, undefined, 50)], 60 * 60_000).now);
  });
  it("leaves out what ended long ago, and stays within its width", () => {
    const t = timeline([key("b", 100, 110), key("a", 0, 0, 120)], 30 * 24 * 60 * 60_000);
    expect(t.rows.map((r) => r.key.id)).toEqual(["b"]);
    for (const r of t.rows) for (const s of r.stretches) expect(s.from >= 0 && s.to <= 1 && s.from < s.to).toBe(true);
  });
});
