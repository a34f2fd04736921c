import { describe, expect, it } from "vitest";
import { hintFor } from "../src/api/hints";
import { Problem } from "../src/api/problem";
import { makeQueries, unanswered } from "../src/api/queries";

describe("unanswered", () => {
  it.each([
    [new TypeError("Failed to fetch"), true],
    [new Problem(502, "unreadable", "The server answered 502 without saying why."), true],
    [new Problem(500, "unreadable", "The server answered 500 without saying why."), false],
    [new Problem(503, "source_unreachable", "The database does not answer."), false],
    [new Problem(404, "not_found", "There is no such thing."), false],
  ])("%s: %s", (thrown, want) => { expect(unanswered(thrown)).toBe(want); });

  it("is said after each question, and taken back by the next answer", async () => {
    const heard: boolean[] = [];
    const queries = makeQueries({ signedOut: () => undefined, lost: (is) => heard.push(is) });
    await queries.fetchQuery({ queryKey: ["a"], queryFn: () => Promise.reject(new TypeError("Failed to fetch")), retry: false }).catch(() => undefined);
    await queries.fetchQuery({ queryKey: ["b"], queryFn: () => Promise.resolve(1) });
    expect(heard).toEqual([true, false]);
  });
});

describe("hintFor", () => {
  it.each([
    ["version_mismatch", "Read it again and repeat the edit with the new ETag in If-Match.", "Somebody changed it meanwhile. Look at what is there now, then make your change again."],
    ["not_deployed", "Deploy its configuration first: POST .../deployments.", "Deploy its configuration first."],
    ["no_such_secret", "Store it: PUT /api/v1/instances/{instance}/secrets/SOURCE_URI.", "Store it."],
    ["not_found", "Start one: POST .../shadow. It is gone when its runtimes have restarted.", "Start one. It is gone when its runtimes have restarted."],
    ["x", "Allow the address: 10.0.0.1.", "Allow the address: 10.0.0.1."],
    ["x", undefined, undefined],
  ])("%s: %s", (code, hint, want) => { expect(hintFor(code, hint)).toBe(want); });
});
