// How users are identified: a template for each sign-in that people have, filled in with the few values that differ.

/** An entry of auth.providers. */
export interface Provider {
  name: string;
  type: "jwks" | "api_key" | "anonymous";
  issuer?: string;
  jwks_uri?: string;
  audience?: string;
  user_id?: string;
  user_id_prefix?: string;
}

/** One value that a template asks for. */
export interface Blank {
  name: string;
  label: string;
  placeholder: string;
  description?: string;
}

export interface Template {
  id: string;
  label: string;
  /** Where the values are found. */
  hint: string;
  blanks: Blank[];
  make: (values: Record<string, string>) => Provider;
}

const bare = (url: string): string => url.trim().replace(/\/+$/, "");
const host = (text: string): string => bare(text).replace(/^https?:\/\//, "");
const https = (text: string): string => "https://" + host(text);
/** An address as it is, with https where nothing was said: one's own server may speak http in development. */
const schemed = (url: string): string => (/^https?:\/\//.test(bare(url)) ? bare(url) : https(url));

function jwks(name: string, issuer: string, keys: string, audience: string): Provider {
  return { name, type: "jwks", issuer, jwks_uri: keys, audience: audience.trim(), user_id: "claims.sub" };
}

export const templates: Template[] = [
  {
    id: "firebase", label: "Firebase", hint: "In the Firebase console under Project settings.",
    blanks: [{ name: "project", label: "Project ID", placeholder: "my-app-1a2b3" }],
    make: (v) => jwks("firebase", "https://securetoken.google.com/" + (v.project ?? "").trim(), "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com", v.project ?? ""),
  },
  {
    id: "auth0", label: "Auth0", hint: "Make an API under Applications, APIs; its identifier is the audience that your app asks for.",
    blanks: [{ name: "domain", label: "Domain", placeholder: "my-app.eu.auth0.com" }, { name: "audience", label: "API identifier", placeholder: "https://api.my-app.example" }],
    make: (v) => jwks("auth0", https(v.domain ?? "") + "/", https(v.domain ?? "") + "/.well-known/jwks.json", v.audience ?? ""),
  },
  {
    id: "supabase", label: "Supabase", hint: "In the Supabase dashboard under Settings, Data API. The project needs asymmetric JWT signing keys.",
    blanks: [{ name: "url", label: "Project URL", placeholder: "https://abcdefgh.supabase.co" }],
    make: (v) => jwks("supabase", https(v.url ?? "") + "/auth/v1", https(v.url ?? "") + "/auth/v1/.well-known/jwks.json", "authenticated"),
  },
  {
    id: "clerk", label: "Clerk", hint: "Make a JWT template under Configure, JWT templates, with an aud claim; your app asks for its tokens.",
    blanks: [{ name: "domain", label: "Frontend API URL", placeholder: "https://clerk.my-app.example" }, { name: "audience", label: "The template's aud", placeholder: "my-app" }],
    make: (v) => jwks("clerk", https(v.domain ?? ""), https(v.domain ?? "") + "/.well-known/jwks.json", v.audience ?? ""),
  },
  {
    id: "cognito", label: "Amazon Cognito", hint: "In the user pool's overview, and under App clients. Send the id token.",
    blanks: [{ name: "region", label: "Region", placeholder: "eu-central-1" }, { name: "pool", label: "User pool ID", placeholder: "eu-central-1_AbCdEfGhI" }, { name: "client", label: "App client ID", placeholder: "1h57kf5cpq17m0eml12EXAMPLE" }],
    make: (v) => {
      const issuer = `https://cognito-idp.${(v.region ?? "").trim()}.amazonaws.com/${(v.pool ?? "").trim()}`;
      return jwks("cognito", issuer, issuer + "/.well-known/jwks.json", v.client ?? "");
    },
  },
  {
    id: "keycloak", label: "Keycloak", hint: "The realm's address; the audience needs an audience mapper in the client's scope.",
    blanks: [{ name: "url", label: "Server URL", placeholder: "https://login.example.com" }, { name: "realm", label: "Realm", placeholder: "my-realm" }, { name: "audience", label: "Audience", placeholder: "my-app" }],
    make: (v) => {
      const issuer = `${schemed(v.url ?? "")}/realms/${(v.realm ?? "").trim()}`;
      return jwks("keycloak", issuer, issuer + "/protocol/openid-connect/certs", v.audience ?? "");
    },
  },
  {
    id: "jwks", label: "Another sign-in with a JWKS", hint: "Any OpenID Connect provider: its discovery document, at /.well-known/openid-configuration, has issuer and jwks_uri.",
    blanks: [
      { name: "name", label: "Name", placeholder: "login" }, { name: "issuer", label: "Issuer (iss)", placeholder: "https://login.example.com" },
      { name: "jwks", label: "JWKS URI", placeholder: "https://login.example.com/keys" }, { name: "audience", label: "Audience (aud)", placeholder: "my-app" },
    ],
    make: (v) => jwks((v.name ?? "").trim() || "login", (v.issuer ?? "").trim(), (v.jwks ?? "").trim(), v.audience ?? ""),
  },
  {
    id: "server", label: "Your own server, with an API key", hint: "Your server knows who its users are and asks for their tokens. You make the key under Auth and keys.", blanks: [],
    make: () => ({ name: "server", type: "api_key" }),
  },
  {
    id: "anonymous", label: "Anonymous devices", hint: "Each device is a user of its own, without signing in.", blanks: [],
    make: () => ({ name: "anonymous", type: "anonymous" }),
  },
];

/** A template that was chosen, with what was filled in. */
export interface Chosen {
  template: string;
  values: Record<string, string>;
}

/** What a template still lacks, in the words of its labels. */
export function missing(chosen: Chosen): string[] {
  const t = templates.find((x) => x.id === chosen.template);
  return (t?.blanks ?? []).filter((b) => !chosen.values[b.name]?.trim() && b.name !== "name").map((b) => b.label);
}

/** The providers of a configuration. With several, each one's users get a prefix, so that two never are one. */
export function providersOf(list: Chosen[]): Provider[] {
  const made = list.flatMap((c) => {
    const t = templates.find((x) => x.id === c.template);
    return t ? [t.make(c.values)] : [];
  });
  const proving = made.filter((p) => p.type !== "api_key");
  return made.map((p) => (proving.length > 1 && p.type !== "api_key" ? { ...p, user_id_prefix: p.name + ":" } : p));
}
