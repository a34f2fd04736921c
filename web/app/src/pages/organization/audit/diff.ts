/** One changed field of an event. */
export interface Change {
  field: string;
  from: string | undefined;
  to: string | undefined;
}

/**
 * What an event changed, field by field. Lists that changed are told by what came and went; objects member by member,
 * so that a long value with one change reads as one change.
 */
export function changes(raw: unknown): Change[] {
  if (!isObject(raw)) return [];
  const out: Change[] = [];
  for (const [field, change] of Object.entries(raw)) {
    if (isObject(change)) compare(field, change["from"], change["to"], out);
    else out.push({ field, from: undefined, to: spoken(change) });
  }
  return out;
}

function compare(field: string, from: unknown, to: unknown, out: Change[]): void {
  if (isObject(from) && isObject(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if (JSON.stringify(from[key]) !== JSON.stringify(to[key])) compare(`${field}.${key}`, from[key], to[key], out);
    }
    return;
  }
  if (Array.isArray(from) && Array.isArray(to) && [...from, ...to].every((v) => typeof v === "string")) {
    const went = from.filter((v) => !to.includes(v)) as string[];
    const came = to.filter((v) => !from.includes(v)) as string[];
    out.push({ field, from: went.length > 0 ? went.join(", ") : undefined, to: came.length > 0 ? came.join(", ") : undefined });
    return;
  }
  const change = { field, from: spoken(from), to: spoken(to) };
  if (change.from !== change.to) out.push(change);
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

/** A value as people read it; undefined for what is not there. */
function spoken(v: unknown): string | undefined {
  if (v === undefined || v === null) return undefined;
  if (typeof v === "string") return v === "" ? "(empty)" : v;
  if (Array.isArray(v) && v.every((e) => typeof e === "string")) return v.join(", ");
  return JSON.stringify(v);
}

/** An event's kind in words: "signing_key.rotated" is "Signing key rotated". */
export function words(kind: string): string {
  const text = kind.replace(".", " ").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A time of the browser's input, as the API wants it; undefined for what is none. */
export function moment(local: string): string | undefined {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
