import type { Column, Table } from "./template";

type Type = NonNullable<Column["of"]>;

export interface Sample {
  op: "PUT" | "PATCH" | "DELETE";
  table: string;
  id: string;
  data?: Record<string, unknown>;
  previousValues?: Record<string, unknown>;
}

const objectid = "65f0c0ffee65f0c0ffee65f0";
const whose = /owner|user|author|created_by/;
const uuid = "7d9f1c52-3e4b-4a57-9c1e-2f6b8a0d4e11";

/** A write that the table takes, in the form in which devices send it: booleans are 1 and 0, lists and objects JSON text. */
export function sampleOperation(table: Table, op: Sample["op"], now: string): Sample {
  const out: Sample = { op, table: table.name, id: idOf(table.id_type) };
  const columns = table.columns.filter((c) => !c.ignored && c.type !== "binary");
  if (op === "PUT") out.data = Object.fromEntries(columns.map((c) => [c.name, sent(c, now)]));
  if (op === "PATCH") {
    const changed = columns.find((c) => !c.immutable && !c.transitions) ?? columns.find((c) => !c.immutable);
    if (changed) {
      out.data = { [changed.name]: another(changed, now) };
      out.previousValues = { [changed.name]: sent(changed, now) };
    } else out.data = {};
  }
  return out;
}

/** The stored row that a sample of a change or a deletion is about, in the source's names. */
export function sampleRow(table: Table, now: string): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const c of table.columns) {
    if (c.ignored) continue;
    const steps = c.path.split(".");
    let at = row;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
    at[steps[steps.length - 1] ?? c.path] = stored(c.of ?? { type: c.type ?? "string" }, c, now);
  }
  return row;
}

/** Who writes the sample: its owner, where a column says so, because rules ask for that. */
export function sampleUser(table: Table, now: string): { id: string; claims: Record<string, unknown> } {
  const owner = table.columns.find((c) => !c.ignored && whose.test(c.path) && ["string", "objectid", "uuid"].includes(c.type ?? ""));
  return { id: owner ? String(sent(owner, now)) : "user-1", claims: {} };
}

function idOf(type: string): string {
  return { objectid, uuid, int64: "1" }[type] ?? "sample-1";
}

/** A column's value as a device sends it. */
function sent(c: Column, now: string): unknown {
  const v = stored(c.of ?? { type: c.type ?? "string" }, c, now);
  if (typeof v === "boolean") return v ? 1 : 0;
  return typeof v === "object" && v !== null ? JSON.stringify(v) : v;
}

function another(c: Column, now: string): unknown {
  const v = sent(c, now);
  if (c.type === "bool") return v === 1 ? 0 : 1;
  if (typeof v === "number") return v + 1;
  if (c.type === "date") return new Date(Date.parse(now) + 86_400_000).toISOString();
  if (["objectid", "uuid", "decimal", "array", "object", "json"].includes(c.type ?? "")) return v;
  return `${String(v)}, changed`;
}

function stored(t: Type, c: Column | undefined, now: string): unknown {
  const first = c?.transitions && Object.keys(c.transitions)[0];
  if (first !== undefined) return first;
  switch (t.type) {
    case "objectid": return objectid;
    case "uuid": return uuid;
    case "int32":
    case "int64": return 1;
    case "double": return 1.5;
    case "decimal": return "1.50";
    case "bool": return false;
    case "date": return now;
    case "binary": return "";
    case "json": return {};
    case "array": return t.element ? [stored(t.element, undefined, now)] : [];
    case "object": return Object.fromEntries(Object.entries(t.members ?? {}).map(([name, m]) => [name, stored(m, undefined, now)]));
    default: return c && whose.test(c.path) ? "user-1" : `Sample ${(c?.name ?? "text").replace(/[_-]/g, " ")}`;
  }
}
