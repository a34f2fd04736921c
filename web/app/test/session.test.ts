import { afterEach, describe, expect, it } from "vitest";
import { session } from "../src/shell/session";

describe("a session that ends under a page", () => {
  afterEach(() => { session.resume(); });
  it("is told once, and after it was put away only to who does something", () => {
    let told = 0;
    const stop = session.subscribe(() => { told++; });
    session.end(false);
    session.end(false);
    expect([session.get(), told]).toEqual(["asking", 1]);
    session.later();
    session.end(false);
    expect(session.get()).toBe("later");
    session.end(true);
    expect(session.get()).toBe("asking");
    session.resume();
    session.later();
    expect([session.get(), told]).toEqual(["no", 4]);
    stop();
  });
});
