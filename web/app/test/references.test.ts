import { describe, expect, it } from "vitest";
import { references } from "../src/pages/instance/secrets/references";

describe("the secrets that a configuration names", () => {
  it("are found with their places", () => {
    const text = "source: {uri: {secret: SOURCE_URI}}\nauth:\n  providers:\n    - {name: a, type: api_key}\n    - name: b\n      secret: {secret: HMAC}\nhooks: {env: {A: {secret: HMAC}}}\n";
    expect([...references(text)]).toEqual([["SOURCE_URI", ["source.uri"]], ["HMAC", ["auth.providers[1].secret", "hooks.env.A"]]]);
  });
  it("are none in nothing, and in what is no YAML what can be read", () => {
    expect(references("").size).toBe(0);
    expect(references("a: [1").size).toBe(0);
  });
});
