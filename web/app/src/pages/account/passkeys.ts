import { Problem } from "../../api/problem";

type Options = Record<string, unknown>;

/** Whether this browser knows passkeys, and how to say so in JSON. */
export function known(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Lets the device make a passkey; gives what the server wants to see of it. */
export async function make(options: Options): Promise<Options> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  return told(() => navigator.credentials.create({ publicKey }));
}

/** Lets the device sign in with one of its passkeys. */
export async function use(options: Options): Promise<Options> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  return told(() => navigator.credentials.get({ publicKey }));
}

/** Turns the browser's refusals, which name no reason for good ones, into words. */
async function told(ceremony: () => Promise<Credential | null>): Promise<Options> {
  try {
    const made = await ceremony();
    if (made instanceof PublicKeyCredential) return made.toJSON() as unknown as Options;
  } catch (e) {
    throw refusalOf(e instanceof DOMException ? e.name : "");
  }
  throw refusalOf("");
}

/** What a refusal of the browser, by its name, means to people. */
export function refusalOf(name: string): Problem {
  switch (name) {
    case "InvalidStateError":
      return new Problem(0, "passkey_known", "This device has a passkey of your account already.");
    case "NotAllowedError":
    case "AbortError":
      return new Problem(0, "passkey_cancelled", "Nothing came from your device: it was cancelled, or took too long.", "Try again, or use another way.");
    case "SecurityError":
      return new Problem(0, "passkey_address", "Passkeys do not work at this address.", "Open the dashboard at its own name.");
    default:
      return new Problem(0, "passkey_failed", "Your device or browser cannot do that.");
  }
}
