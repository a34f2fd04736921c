import { hintFor } from "./hints";

/** One place of the input that is wrong. */
export interface Finding {
  location?: string;
  /** The same, as the server names it. */
  path?: string;
  line?: number;
  message: string;
  hint?: string;
  [more: string]: unknown;
}

/** What every failed call throws: the server's problem document (RFC 9457), or that there was no answer. */
export class Problem extends Error {
  override name = "Problem";
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly hint?: string,
    readonly requestId?: string,
    readonly errors: Finding[] = [],
    /** With mfa_required: sent back with the code. */
    readonly challenge?: string,
  ) {
    super(detail);
  }
}

/** Reads a failed answer; whatever it holds, the result is a Problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const id = response.headers.get("X-Request-Id") ?? undefined;
  try {
    const d = (await response.json()) as { code?: string; detail?: string; hint?: string; request_id?: string; errors?: Finding[]; challenge?: string };
    return new Problem(response.status, d.code ?? "unknown", d.detail ?? response.statusText, hintFor(d.code, d.hint), d.request_id ?? id, (d.errors ?? []).map((e) => ({ ...e, location: e.location ?? e.path })), d.challenge);
  } catch {
    return new Problem(response.status, "unreadable", `The server answered ${response.status} without saying why.`, "Try again; if it stays, look at the proxy between.", id);
  }
}

/** Makes a Problem of anything that was thrown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) return new Problem(0, "unreachable", "The server could not be reached.", "Check the connection; nothing was lost, try again.");
  return new Problem(0, "unexpected", thrown instanceof Error ? thrown.message : String(thrown));
}
