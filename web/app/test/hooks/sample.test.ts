import { describe, expect, it } from "vitest";
import { sampleOperation, sampleRow, sampleUser } from "../../src/pages/instance/hooks/sample";
import { lists, todos } from "./tables";

const now = "2026-11-26T12:00:00.000Z";

describe("a sample write", () => {
  it("PUT has every column that is synced, in the client's names and form", () => {
    expect(sampleOperation(todos, "PUT", now)).toEqual({
      op: "PUT", table: "todos", id: "65f0c0ffee65f0c0ffee65f0",
      data: {
        anything: "Sample anything", city: "Sample city", created_at: now, description: "Sample description", done: 0, extra: "{}",
        items: `[{"product_id":"65f0c0ffee65f0c0ffee65f0","due":"${now}","done":false}]`, owner: "65f0c0ffee65f0c0ffee65f0",
        price: "1.50", quantity: 1, settings: `{"theme":"Sample text"}`, status: "open", tags: `["Sample text"]`, zip: "Sample zip",
      },
    });
  });
  it("PATCH changes one column that may change, and says what the device saw", () => {
    const w = sampleOperation(lists, "PATCH", now);
    expect(w).toEqual({ op: "PATCH", table: "lists", id: "7d9f1c52-3e4b-4a57-9c1e-2f6b8a0d4e11", data: { archived_at: "2026-11-27T12:00:00.000Z" }, previousValues: { archived_at: now } });
    const fixed = { ...lists, columns: lists.columns.map((c) => ({ ...c, immutable: true })) };
    expect(sampleOperation(fixed, "PATCH", now).data).toEqual({});
  });
  it("DELETE has nothing but the row", () => {
    expect(sampleOperation(lists, "DELETE", now)).toEqual({ op: "DELETE", table: "lists", id: "7d9f1c52-3e4b-4a57-9c1e-2f6b8a0d4e11" });
  });
});

it("the stored row has the source's names, types and nesting", () => {
  expect(sampleRow(todos, now)).toMatchObject({ owner_id: "65f0c0ffee65f0c0ffee65f0", address: { city: "Sample city", zip: "Sample zip" }, done: false, status: "open", tags: ["Sample text"] });
  expect(sampleRow(todos, now)).not.toHaveProperty("note");
});

it("the one who writes is the one whom the row names", () => {
  expect(sampleUser(todos, now)).toEqual({ id: "65f0c0ffee65f0c0ffee65f0", claims: {} });
  expect(sampleUser(lists, now).id).toBe("user-1");
});
