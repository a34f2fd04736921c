import { describe, expect, it } from "vitest";
import { read } from "../src/api/exact";
import { missing, resolveBody, same, sidesOf, takeBody, unlike, type Decision } from "../src/pages/instance/conflict/choice";

const decision = (d: Partial<Decision>): Decision => ({ columns: ["a", "b"], picks: {}, also: {}, overwrite: false, ...d });

describe("deciding a conflict", () => {
  it("takes all columns alike as one", () => {
    expect(resolveBody(decision({ picks: { a: "client", b: "client" } }))).toBe('{"take":"client"}');
  });
  it("names columns that differ, and sends edited values as they were typed", () => {
    expect(resolveBody(decision({ columns: ["a", "b", 'q"'], picks: { a: "client", b: { edit: " 9007199254740993 " }, 'q"': { edit: '{"x": 1.10}' } } }))).toBe(
      '{"fields":{"a":"client"},"values":{"b":9007199254740993,"q\\"":{"x": 1.10}}}',
    );
  });
  it("decides the others of the case with it", () => {
    expect(JSON.parse(resolveBody(decision({ picks: { a: "server", b: "client" }, also: { cnf_2: "policy" }, overwrite: true })))).toEqual({ fields: { a: "server", b: "client" }, also: { cnf_2: { take: "policy" } }, overwrite: true });
    expect(takeBody("policy", false)).toBe('{"take":"policy"}');
  });
  it("says what is missing before it can be sent", () => {
    expect(missing(decision({ picks: { a: "client" } }))).toBe("Choose for b first.");
    expect(missing(decision({ picks: { a: "client", b: { edit: "{" } } }))).toMatch(/^The value for b is no JSON/);
    expect(missing(decision({ picks: { a: "client", b: { edit: "1" } } }))).toBeUndefined();
  });
  it("reads both sides exactly, and tells nothing from null", () => {
    const text = '{"values":{"base":{"n":1},"server":{"n":9007199254740993},"client":{"n":null},"decided":{}},"current":{"n":9007199254740993}}';
    expect(sidesOf(text, read(text), "n")).toEqual({ base: "1", server: "9007199254740993", client: "null", decided: undefined, current: "9007199254740993" });
    expect(same("null", undefined)).toBe(true);
    expect(same("9007199254740993", "9007199254740992")).toBe(false);
  });
  it.each([
    ["int64", "9007199254740993", true], ["int64", "1.5", false], ["int32", '"3"', false], ["string", '"x"', true], ["string", "3", false], ["bool", "1", true], ["bool", "2", false],
    ["date", '"2026-03-01T10:20:30.456Z"', true], ["date", '"soon"', false], ["decimal", '"19.90"', true], ["array", '"[1]"', true], ["objectid", '"65f0c0ffee0000000000cafe"', true], ["uuid", '"65f0"', false],
    ["json", "{}", true], [undefined, "{}", true], ["int64", "null", true],
  ])("%s and %s fit: %s", (type, text, fits) => {
    expect(unlike(type, text) === undefined).toBe(fits);
  });
});
