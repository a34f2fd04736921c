import { describe, expect, it } from "vitest";
import { pieces, plain } from "../src/ui/plain";

describe("foreign text", () => {
  it.each([
    ["ordinary text stays", "Grüße, 世界, עברית 👩‍🚀".replaceAll("\u200d", ""), "Grüße, 世界, עברית 👩🚀"],
    ["line breaks and tabs stay", "a\n\tb", "a\n\tb"],
    ["terminal escapes are named", "\u001b[31mred", "⟨U+001B⟩[31mred"],
    ["C1 controls are named", "\u009b31m", "⟨U+009B⟩31m"],
    ["overrides of direction are named", "user\u202egnp.exe", "user⟨U+202E⟩gnp.exe"],
    ["isolates are named", "\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"],
    ["zero-width characters are named", "pay\u200bpal", "pay⟨U+200B⟩pal"],
    ["tags are named", "a\u{e0041}", "a⟨U+E0041⟩"],
    ["carriage returns are named", "safe\rEVIL", "safe⟨U+000D⟩EVIL"],
    ["NUL is named", "\u0000", "⟨U+0000⟩"],
  ])("%s", (_, given, want) => {
    expect(plain(given)).toBe(want);
  });

  it("cuts piles of combining marks", () => {
    expect(plain("a" + "\u0301".repeat(50))).toBe("a" + "\u0301".repeat(4));
  });

  it("loses nothing else", () => {
    const text = "x\u202ey\u0007z";
    expect(pieces(text)).toEqual([{ text: "x", hidden: false }, { text: "U+202E", hidden: true }, { text: "y", hidden: false }, { text: "U+0007", hidden: true }, { text: "z", hidden: false }]);
  });
});
