/** How figures are written all over the pages that observe. */

const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });
const exact = new Intl.NumberFormat("en");

export function counted(n: number): string {
  return n < 10_000 ? exact.format(Math.round(n * 10) / 10) : short.format(n);
}

/** Microseconds, as people say them. */
export function took(us: number): string {
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${trim(us / 1_000)} ms`;
  return `${trim(us / 1_000_000)} s`;
}

function trim(n: number): string {
  return n < 10 ? n.toFixed(1).replace(/\.0$/, "") : String(Math.round(n));
}

/** "1 device", "3 devices". */
export function many(n: number, one: string, more = one + "s"): string {
  return `${counted(n)} ${n === 1 ? one : more}`;
}

/** A choice of time, and what the API is asked for. */
export const ranges = {
  "1h": { label: "1 hour", seconds: 3_600, step: 60 },
  "24h": { label: "24 hours", seconds: 86_400, step: 300 },
  "7d": { label: "7 days", seconds: 7 * 86_400, step: 3_600 },
  "30d": { label: "30 days", seconds: 30 * 86_400, step: 6 * 3_600 },
} as const;

export type RangeName = keyof typeof ranges;

export function rangeOf(name: string): RangeName {
  return Object.hasOwn(ranges, name) ? (name as RangeName) : "1h";
}

/** The range that ends with the step that goes on at a moment (milliseconds). */
export function within(name: RangeName, now: number): { since: string; until: string; step: number } {
  const { seconds, step } = ranges[name];
  const until = (Math.floor(now / 1000 / step) + 1) * step;
  return { since: new Date((until - seconds) * 1000).toISOString(), until: new Date(until * 1000).toISOString(), step };
}
