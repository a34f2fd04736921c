import { describe, expect, it } from "vitest";
import { decoded } from "../src/pages/instance/inbox/bytes";
import { typesIn } from "../src/pages/instance/inbox/types";
import { columns, operations, replayBody, withColumn, withoutColumn, withoutOperation, withValue } from "../src/pages/instance/rejection/edit";

const text = '{"transaction_id":9, "crud":[{"op":"PATCH","type":"todos","id":"t1","data":{"effort":9007199254740993,"cost":1.10,"name":"a"}} , {"op":"PUT","table":"lists","id":"l1","op_data":{}}, {"op":"DELETE","type":"todos","id":"t2"}]}';

/** The operation, which is there. */
function operation(of: string, index: number) {
  const o = operations(of)[index];
  if (!o) throw new Error("there is no such operation");
  return o;
}

describe("editing a transaction", () => {
  it("reads the operations of every dialect", () => {
    expect(operations(text).map((o) => [o.op, o.table, o.id, o.data !== undefined])).toEqual([["PATCH", "todos", "t1", true], ["PUT", "lists", "l1", true], ["DELETE", "todos", "t2", false]]);
    expect(operations('{"batch":[{"op":"PUT","table":"t","id":"1","opData":{"a":1}}]}')[0]?.data).toBeDefined();
    expect(operations("no JSON")).toEqual([]);
    expect(operations('{"crud":3}')).toEqual([]);
  });
  it("changes one value and not a byte beside it", () => {
    const name = columns(text, operation(text, 0)).find((c) => c.member.name === "name");
    if (!name) throw new Error("there is no such column");
    expect(withValue(text, name.member, '"b"')).toBe(text.replace('"name":"a"', '"name":"b"'));
    expect(columns(text, operation(text, 0)).map((c) => c.value)).toEqual(["9007199254740993", "1.10", '"a"']);
  });
  it("leaves out a column, adds one, leaves out an operation", () => {
    const o = operation(text, 0);
    const [effort] = columns(text, o);
    if (!effort) throw new Error("there is no such column");
    expect(withoutColumn(text, o, effort.member)).toBe(text.replace('"effort":9007199254740993,', ""));
    expect(withColumn(text, operation(text, 1), "na\"me")).toBe(text.replace('"op_data":{}', '"op_data":{"na\\"me":null}'));
    const without = withoutOperation(text, 0);
    expect(operations(without).map((x) => x.id)).toEqual(["l1", "t2"]);
    expect(operations(withoutOperation(withoutOperation(text, 2), 1)).map((x) => x.id)).toEqual(["t1"]);
    expect(withoutOperation(withoutOperation(text, 2), 1)).toContain("9007199254740993");
  });
  it("is sent as it stands", () => {
    expect(replayBody(text)).toBe(`{"transaction":${text}}`);
    expect(replayBody(undefined)).toBe("{}");
  });
  it("is not edited when it is no text", () => {
    expect(decoded(btoa("\u00c3\u00a9"))).toEqual({ text: "é", damaged: false });
    expect(decoded(btoa("\u00ff{}")).damaged).toBe(true);
  });
});

describe("declared types", () => {
  it("come from a configuration, whatever else it holds", () => {
    expect(typesIn({ tables: { todos: { fields: { a: { type: "int64" }, b: "string", c: { path: "x" }, d: null } }, odd: null, list: { fields: 3 } } })).toEqual({ todos: { a: "int64", b: "string" }, odd: {}, list: {} });
    expect(typesIn("no mapping")).toEqual({});
    expect(typesIn(null)).toEqual({});
  });
});
