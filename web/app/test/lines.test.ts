import { describe, expect, it } from "vitest";
import { difference } from "../src/pages/instance/promote/lines";

const shown = (before: string, after: string): string => difference(before, after).map((l) => ({ same: " ", added: "+", removed: "-", gap: "~" })[l.kind] + l.text).join("\n");

describe("a difference by lines", () => {
  it("is nothing for equal texts", () => {
    expect(difference("a\nb\n", "a\nb\n")).toEqual([]);
  });
  it("keeps what is common and names what is not", () => {
    expect(shown("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n")).toBe(" a\n-b\n+x\n c\n d\n+e");
  });
  it("leaves out long unchanged stretches", () => {
    const many = Array.from({ length: 30 }, (_, n) => `l${n}`);
    const changed = many.with(15, "new");
    expect(shown(many.join("\n"), changed.join("\n"))).toBe("~\n l12\n l13\n l14\n-l15\n+new\n l16\n l17\n l18\n~");
  });
  it("can always be put together again to both texts", () => {
    const texts = ["", "a", "a\nb", "b\na", "a\na\nb", "x\ny\nz\na", "a\nb\nc\na\nb"];
    for (const before of texts) {
      for (const after of texts) {
        const d = difference(before, after);
        if (before === after) continue;
        expect(d.filter((l) => l.kind !== "added").map((l) => l.text).join("\n")).toBe(before);
        expect(d.filter((l) => l.kind !== "removed").map((l) => l.text).join("\n")).toBe(after);
      }
    }
  });
});
