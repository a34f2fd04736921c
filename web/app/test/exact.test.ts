import { describe, expect, it } from "vitest";
import { appended, canonical, get, indented, mistake, read, removed, replaced, textOf } from "../src/api/exact";

describe("JSON by its text", () => {
  it.each(["9007199254740993", "-0", "1.10", "1e400", "0.1000000000000000055511151231257827"])("shows the number %s as it is written", (n) => {
    const text = `{"a":{"b":[${n}]}}`;
    expect(indented(text).replace(/\s/g, "")).toBe(text);
  });
  it("shows strings without the escapes that nobody needs", () => {
    expect(indented('"\\u003cb\\u003e \\/ \\ud800 \\n"')).toBe('"<b> / \\ud800 \\n"');
  });
  it("knows where each value stands", () => {
    const text = ' {"a" : [1, {"b": "x\\n"}] , "c":null} ';
    const b = get(read(text), "a");
    expect(b && textOf(text, b)).toBe('[1, {"b": "x\\n"}]');
  });
  it("takes the last of equal names, as the server does", () => {
    const text = '{"a":1,"a":2}';
    const a = get(read(text), "a");
    expect(a && textOf(text, a)).toBe("2");
  });
  it("reads what JSON.parse reads, and nothing else", () => {
    const good = ["null", "true", "0", "-1.5e+3", '""', '"\\u00e9\\/"', "[]", "{}", '[[],{"":[]}]', " 1 ", '"é😀"', '{"__proto__":1}'];
    const bad = ["", " ", "01", "+1", ".5", "1.", "nul", "truefalse", "'a'", '"\n"', '"\\x"', "[1,]", '{"a":1,}', "{a:1}", "[1 2]", "1 2", "NaN", "[", '{"a"', "//x\n1", '"\u0001"'];
    for (const text of [...good, ...bad]) {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect([text, mistake(text) === undefined]).toEqual([text, parses]);
    }
  });
  it("says where the mistake is", () => {
    expect(mistake('{\n  "a": 1,\n  "b" 2\n}')).toBe('Line 3, column 7: expected ":"');
    expect(mistake("[".repeat(5000))).toMatch(/nested too deeply/);
  });
  it("compares values, not how they are written", () => {
    expect(canonical('{"b":1,"a":[true, "\\u0041"]}')).toBe(canonical('{ "a":[true,"A"], "b":1 }'));
    expect(canonical("9007199254740993")).not.toBe(canonical("9007199254740992"));
  });
  it("edits one place and leaves the rest as it is", () => {
    const text = '{ "n":9007199254740993,  "a":[1,2] , "z":1.0 }';
    const root = read(text);
    const a = get(root, "a");
    if (a?.kind !== "array" || root.kind !== "object") throw new Error("it is not what was written");
    expect(replaced(text, a, "null")).toBe('{ "n":9007199254740993,  "a":null , "z":1.0 }');
    expect(appended(text, a, "3")).toBe('{ "n":9007199254740993,  "a":[1,2,3] , "z":1.0 }');
    expect(appended("{}", read("{}") as never, '"a":1')).toBe('{"a":1}');
    expect(removed(text, root.members, 0)).toBe('{ "a":[1,2] , "z":1.0 }');
    expect(removed(text, root.members, 2)).toBe('{ "n":9007199254740993,  "a":[1,2] }');
    expect(removed("[1]", (read("[1]") as typeof a).items, 0)).toBe("[]");
  });
});
