import type { components } from "../../../api/schema";
import type { Line } from "../../../ui/Chart";

export type SeriesAnswer = components["schemas"]["SeriesOutputBody"];
type Series = components["schemas"]["Series"];

/** The lines of one name, added up by what `by` says of them, the largest first; beyond `most` they are one. */
export function linesOf(answer: SeriesAnswer | undefined, name: string, by: (s: Series) => string, most = 8): Line[] {
  const sums = new Map<string, number[]>();
  for (const s of answer?.series ?? []) {
    if (s.name !== name) continue;
    add(sums, by(s), s.values ?? []);
  }
  const sorted = [...sums].sort(([, a], [, b]) => total(b) - total(a));
  const kept = sorted.length > most ? sorted.slice(0, most - 1) : sorted;
  const rest = new Map<string, number[]>();
  for (const [, values] of sorted.slice(kept.length)) add(rest, "others", values);
  return [...kept, ...rest].map(([label, values]) => ({ label, values }));
}

/** Lines with gaps: times, which cannot be added up. */
export function gapped(answer: SeriesAnswer | undefined, name: string): Line[] {
  return (answer?.series ?? []).filter((s) => s.name === name).map((s) => ({ label: s.label ?? name, values: s.values ?? [] }));
}

/** Quantiles there are. */
export const quantiles = ["p50", "p90", "p99"] as const;
export type Quantile = (typeof quantiles)[number];

export function quantileOf(name: string): Quantile {
  return quantiles.find((q) => q === name) ?? "p90";
}

/** One quantile of each label (a collection, a hook), those with the longest times first; of a chosen one all quantiles. */
export function quantileLines(answer: SeriesAnswer | undefined, name: string, quantile: Quantile, chosen: string, most = 8): Line[] {
  const all = (answer?.series ?? []).filter((s) => s.name === name && (chosen ? s.label === chosen : s.outcome === quantile));
  const lines = all.map((s) => ({ label: (chosen ? s.outcome : s.label) ?? name, values: s.values ?? [] }));
  if (chosen) return lines;
  return lines.sort((a, b) => longest(b.values) - longest(a.values)).slice(0, most);
}

function longest(values: (number | null)[]): number {
  return values.reduce<number>((most, v) => Math.max(most, v ?? 0), 0);
}

function add(sums: Map<string, number[]>, label: string, values: (number | null)[]): void {
  const have = sums.get(label);
  if (!have) sums.set(label, values.map((v) => v ?? 0));
  else values.forEach((v, i) => { have[i] = (have[i] ?? 0) + (v ?? 0); });
}

export function total(values: (number | null)[]): number {
  return values.reduce<number>((sum, v) => sum + (v ?? 0), 0);
}
