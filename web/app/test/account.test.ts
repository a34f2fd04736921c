import { describe, expect, it } from "vitest";
import { problemOf } from "../src/api/problem";
import { known, refusalOf } from "../src/pages/account/passkeys";
import { refusal } from "../src/pages/account/refusals";
import { device } from "../src/pages/account/settings/device";
import { left } from "../src/pages/account/settings/TwoSteps";

describe("a session's browser", () => {
  it.each([
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "Safari on macOS"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iOS"],
    ["curl/8.5.0", "curl"],
    ["something of one's own", "something of one's own"],
    ["", "A browser that does not say"],
  ])("%s", (agent, want) => { expect(device(agent)).toBe(want); });
  it("does not repeat a long name without end", () => { expect(device("x".repeat(500)).length).toBe(60); });
});

describe("a refused sign-in", () => {
  it("is told in words", () => { expect(refusal("signup_closed")).toContain("invitation"); });
  it("does not repeat what somebody wrote into the address", () => {
    for (const code of ["Call +1 555 0100 to unlock", "constructor", "__proto__", "toString"]) expect(refusal(code)).toBe("Signing in did not work. Try again.");
  });
});

describe("recovery codes that are left", () => {
  it.each([[0, "No recovery code is left"], [1, "1 recovery code is left."], [9, "9 recovery codes are left."]])("%d", (n, want) => { expect(left(n)).toContain(want); });
});

describe("a passkey that came to nothing", () => {
  it.each([["NotAllowedError", "passkey_cancelled"], ["InvalidStateError", "passkey_known"], ["SecurityError", "passkey_address"], ["", "passkey_failed"]])("%s", (name, code) => { expect(refusalOf(name).code).toBe(code); });
  it("is not offered where the browser knows none", () => { expect(known()).toBe(false); });
});

describe("the first of two steps", () => {
  it("gives what the second one has to send back", async () => {
    const refused = new Response(JSON.stringify({ code: "mfa_required", detail: "Type the code.", challenge: "tc_1" }), { status: 401 });
    expect((await problemOf(refused)).challenge).toBe("tc_1");
  });
});
