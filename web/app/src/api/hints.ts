/** Hints that would speak of headers and addresses, said for somebody who sits before a page. */
const said: Record<string, string> = {
  version_mismatch: "Somebody changed it meanwhile. Look at what is there now, then make your change again.",
  if_match_required: "Load the page again.",
  email_unverified: "Open the link in the mail that you were sent, or have another sent: the top of the page offers it.",
};

/** ": PUT /api/v1/…": the call that a script would make. */
const call = /: (?:GET|POST|PUT|PATCH|DELETE) \S+?(\.?)(?=\s|$)/g;

/** What the API says to do, for people: scripts read the same answers, and are told of calls. */
export function hintFor(code: string | undefined, hint: string | undefined): string | undefined {
  return said[code ?? ""] ?? hint?.replace(call, "$1");
}
