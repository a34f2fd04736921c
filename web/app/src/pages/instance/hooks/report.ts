import type { components } from "../../../api/schema";

export type Example = components["schemas"]["Example"];

/** What replays and shadows have in common. */
export interface Report {
  total: number;
  same: number;
  differ: number;
  new_rejections: number;
  now_accepted: number;
  skipped: number;
  errors: number;
  examples: Example[];
}

const number = new Intl.NumberFormat("en");

/** "37 of 4,120 differ; 2 new rejections." */
export function sentence(r: Report): string {
  if (r.total === 0) return "There is nothing recorded to compare with.";
  const more = [
    count(r.new_rejections, "new rejection"),
    r.now_accepted > 0 && `${number.format(r.now_accepted)} would now be accepted`,
    r.skipped > 0 && `${number.format(r.skipped)} cannot be judged alone`,
    r.errors > 0 && `${number.format(r.errors)} could not be tried`,
  ].filter(Boolean);
  const first = r.differ === 0 ? `None of ${number.format(r.total)} differs` : `${number.format(r.differ)} of ${number.format(r.total)} ${r.differ === 1 ? "differs" : "differ"}`;
  return [first, ...more].join("; ") + ".";
}

function count(n: number, what: string): string | false {
  return n > 0 && `${number.format(n)} ${what}${n === 1 ? "" : "s"}`;
}

/** Adds what came after. */
export function join(a: Report, b: Report): Report {
  return {
    total: a.total + b.total, same: a.same + b.same, differ: a.differ + b.differ, new_rejections: a.new_rejections + b.new_rejections, now_accepted: a.now_accepted + b.now_accepted,
    skipped: a.skipped + b.skipped, errors: a.errors + b.errors, examples: [...a.examples, ...b.examples],
  };
}

export const differences: Record<Example["difference"], [title: string, color: string]> = {
  other_values: ["Other values", "blue"],
  other_code: ["Another reason", "grape"],
  new_rejection: ["New rejection", "red"],
  now_accepted: ["Now accepted", "teal"],
  error: ["Could not be tried", "yellow"],
};
