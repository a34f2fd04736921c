import type { components } from "../../../api/schema";

export type SigningKey = components["schemas"]["SigningKey"];

/** A stretch of a key's life, in parts of the width (0 to 1). */
export interface Stretch {
  kind: "published" | "signing" | "retiring";
  from: number;
  to: number;
}

/** The drawing of some keys' lives. */
export interface Timeline {
  from: number;
  to: number;
  /** Where now is, in parts of the width. */
  now: number;
  rows: { key: SigningKey; stretches: Stretch[] }[];
}

/**
 * Lays keys' lives side by side: published until it signs, signing until a younger key does, retiring until it leaves
 * the key set. A key that has no end yet goes on beyond the right edge. Keys that ended long ago are left out.
 */
export function timeline(keys: SigningKey[], now: number): Timeline {
  const ends = keys.map((k) => end(k)).filter((t): t is number => t !== undefined && t > now);
  const shown = keys.filter((k) => { const e = end(k); return e === undefined || e > now - 7 * 86_400_000; });
  const starts = shown.map((k) => time(k.publish_at));
  const first = Math.min(now, ...starts);
  const last = Math.max(now, ...ends, ...shown.map((k) => time(k.sign_from)));
  const span = Math.max(last - first, 60_000);
  const from = first - span * 0.02;
  const to = last + span * 0.15;
  const at = (t: number): number => Math.min(1, Math.max(0, (t - from) / (to - from)));
  const rows = shown.map((key) => {
    const over = end(key) ?? to;
    const signs = time(key.sign_from);
    const younger = shown.filter((k) => k !== key && !k.revoked_at && time(k.sign_from) > signs).map((k) => time(k.sign_from));
    const stops = Math.min(over, ...younger);
    const stretches: Stretch[] = [];
    const add = (kind: Stretch["kind"], a: number, b: number): void => { if (at(b) > at(a)) stretches.push({ kind, from: at(a), to: at(b) }); };
    add("published", time(key.publish_at), Math.min(signs, over));
    add("signing", signs, stops);
    add("retiring", Math.max(stops, signs), over);
    return { key, stretches };
  });
  return { from, to, now: at(now), rows };
}

function time(t: string): number {
  return new Date(t).getTime();
}

/** When a key leaves the key set, if that is known. */
function end(k: SigningKey): number | undefined {
  const ends = [k.retire_at, k.revoked_at].filter((t): t is string => !!t).map(time);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}
