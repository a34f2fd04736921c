import { mappingAt, textsAt, valueAt } from "../configuration/form/context";

/** The configuration's auth section, a sentence for each thing. */
export function inWords(config: Record<string, unknown>): string[] {
  const auth = mappingAt(config, ["auth"]);
  const list = valueAt(auth, ["providers"]);
  const out = (Array.isArray(list) ? (list as unknown[]) : []).map(provider);
  if (out.length === 0) out.push("Nobody: there is no provider.");
  if (auth["development_tokens"] === true) out.push("Development tokens: anyone gets a token for any user, without proof.");
  const audiences = textsAt(auth, ["audiences"]);
  out.push(`Tokens are for ${audiences.length > 0 ? audiences.join(", ") : text(auth, "powersync_url") || "a PowerSync URL that is not set"}, live ${text(auth, "token_ttl") || "5m"} and are signed by ${text(auth, "algorithm") || "EdDSA"}.`);
  const claims = Object.keys(mappingAt(auth, ["claims"]));
  if (claims.length > 0) out.push(`They carry the claims ${claims.join(", ")}.`);
  return out;
}

function text(v: unknown, key: string): string {
  const found = valueAt(v, [key]);
  return typeof found === "string" ? found : "";
}

function provider(p: unknown): string {
  const name = text(p, "name") || "A provider";
  const audience = textsAt(p, ["audience"]);
  const issuer = text(p, "issuer");
  const by = (issuer ? ` of ${issuer}` : "") + (audience.length > 0 ? ` for ${audience.join(", ")}` : "");
  const user = typeof valueAt(p, ["user_id", "lookup"]) === "object" ? "The user's id is looked up in the database." : text(p, "user_id") ? `The user's id is ${text(p, "user_id")}${text(p, "user_id_prefix") ? ` behind ${text(p, "user_id_prefix")}` : ""}.` : "";
  const uploads = valueAt(p, ["upload"]) === true ? " Its own tokens may upload, too." : "";
  switch (text(p, "type")) {
    case "jwks": return `${name}: users with a token${by}, checked by the keys at ${text(p, "jwks_uri")}. ${user}${uploads}`;
    case "public_key": return `${name}: users with a token${by}, checked by one public key. ${user}${uploads}`;
    case "shared_secret": return `${name}: users with a token${by}, checked by the secret ${text(valueAt(p, ["secret"]), "secret")}. ${user}${uploads}`;
    case "api_key": return `${name}: your own server, by an API key, for any user that it names.`;
    case "anonymous": return `${name}: anyone, as a user of their device alone.`;
    default: return `${name}: a provider of type ${text(p, "type") || "unknown"}.`;
  }
}
