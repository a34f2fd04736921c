import { describe, expect, it } from "vitest";
import { parse, values } from "../src/pages/instance/configuration/document";
import { inWords } from "../src/pages/instance/keys/words";

const told = (text: string): string[] => inWords(values(parse(text)));

describe("the providers of a configuration, in words", () => {
  it("say who may ask, how it is proved, and whose tokens they get", () => {
    expect(told(`auth:
  powersync_url: https://ps.example
  development_tokens: true
  claims: {role: claims.role}
  providers:
    - {name: firebase, type: jwks, issuer: https://i.example, jwks_uri: https://i.example/keys, audience: my-app, user_id: claims.sub, user_id_prefix: "f|", upload: true}
    - {name: server, type: api_key}
`)).toEqual([
      "firebase: users with a token of https://i.example for my-app, checked by the keys at https://i.example/keys. The user's id is claims.sub behind f|. Its own tokens may upload, too.",
      "server: your own server, by an API key, for any user that it names.",
      "Development tokens: anyone gets a token for any user, without proof.",
      "Tokens are for https://ps.example, live 5m and are signed by EdDSA.",
      "They carry the claims role.",
    ]);
  });
  it("say that nobody may, where nothing is set", () => {
    expect(told("")[0]).toBe("Nobody: there is no provider.");
  });
});
