// What the server says of itself in the page, before any call.

function meta(name: string): string {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";
}

/** Marks styles made at run time as ours (Content-Security-Policy). */
export const nonce = meta("csp-nonce");

/** Who may make an account: open, invite or off. */
export const signup = meta("turnkey-signup");

/** Whether this is a developer's machine. */
export const development = meta("turnkey-development") === "true";
