import type { LogLine } from "./useTail";

/** What became of something, for people. */
export const outcomes: Record<string, string> = {
  success: "applied", fatal_error: "refused", retryable_error: "comes again", issued: "issued", refused: "turned away", unavailable: "unavailable", noted: "noted",
};

/** A line in one sentence: what it says, or what was written. */
export function summaryOf(l: LogLine): string {
  const parts = (l.operations ?? []).map((o) => [[o.put, "put"], [o.patch, "patch"], [o.delete, "delete"]].filter(([n]) => n).map(([n, word]) => `${n} ${word}`).join(", ") + ` ${o.table}`.trimEnd());
  const done = parts.map((p) => p.trim()).filter((p) => p !== "").join("; ");
  return [l.code, l.message, l.kind === "transaction" ? done : "", l.user_id && `user ${l.user_id}`].filter((t) => t).join(" · ");
}
