import { canonical, get, mistake, read, textOf, type Node } from "../../../api/exact";

/** What the record and the database say about one column, as JSON text; absent: it was not there. */
export interface Sides {
  base?: string;
  server?: string;
  client?: string;
  current?: string;
  decided?: string;
}

/** Takes a column's values out of an answer, exact. */
export function sidesOf(text: string, conflict: Node, column: string): Sides {
  const values = get(conflict, "values");
  const of = (side: Node | undefined): string | undefined => {
    const value = get(side, column);
    return value && textOf(text, value);
  };
  return { base: of(get(values, "base")), server: of(get(values, "server")), client: of(get(values, "client")), decided: of(get(values, "decided")), current: of(get(conflict, "current")) };
}

/** Whether two texts are the same value; nothing is the same as nothing and as null. */
export function same(a: string | undefined, b: string | undefined): boolean {
  return canonical(a ?? "null") === canonical(b ?? "null");
}

/** What is chosen for one column. */
export type Pick = "client" | "server" | { edit: string };

/** What is chosen for the others of a case. */
export type Take = "client" | "server" | "policy";

/** A decision about a conflict, column by column. */
export interface Decision {
  columns: string[];
  picks: Record<string, Pick | undefined>;
  also: Record<string, Take>;
  overwrite: boolean;
}

/** Why a decision cannot be sent; undefined: it can. */
export function missing({ columns, picks }: Decision): string | undefined {
  const open = columns.filter((c) => !picks[c]);
  if (open.length > 0) return `Choose for ${open.join(", ")} first.`;
  for (const c of columns) {
    const pick = picks[c];
    const wrong = typeof pick === "object" && mistake(pick.edit);
    if (wrong) return `The value for ${c} is no JSON. ${wrong}`;
  }
  return undefined;
}

/**
 * The body that decides: as text, because an edited value goes out as it was typed. All columns alike are one take, which
 * is also what the record says afterwards.
 */
export function resolveBody({ columns, picks, also, overwrite }: Decision): string {
  const parts: string[] = [];
  const kinds = new Set(columns.map((c) => picks[c]).map((p) => (typeof p === "string" ? p : "edit")));
  const [only] = kinds;
  if (kinds.size === 1 && only !== "edit") {
    parts.push(`"take":"${String(only)}"`);
  } else {
    const fields = columns.filter((c) => typeof picks[c] === "string").map((c) => [c, picks[c]]);
    const values = columns.flatMap((c) => {
      const pick = picks[c];
      return typeof pick === "object" ? [`${JSON.stringify(c)}:${pick.edit.trim()}`] : [];
    });
    if (fields.length > 0) parts.push(`"fields":${JSON.stringify(Object.fromEntries(fields))}`);
    if (values.length > 0) parts.push(`"values":{${values.join(",")}}`);
  }
  if (Object.keys(also).length > 0) parts.push(`"also":${JSON.stringify(Object.fromEntries(Object.entries(also).map(([id, take]) => [id, { take }])))}`);
  if (overwrite) parts.push('"overwrite":true');
  return `{${parts.join(",")}}`;
}

/** The body that leaves the whole to one rule. */
export function takeBody(take: Take, overwrite: boolean): string {
  return JSON.stringify(overwrite ? { take, overwrite } : { take });
}

/** What devices send for a declared type, in words. */
const forms: Record<string, string> = {
  string: 'text in double quotes: "Buy milk"', objectid: '24 hex digits in double quotes', uuid: 'a UUID in double quotes', int32: "a whole number: 3", int64: "a whole number, as large as it is: 9007199254740993",
  double: "a number: 1.5", decimal: 'a number in double quotes: "19.90"', bool: "1 or 0, or true or false", date: 'a time in double quotes: "2026-03-01T10:20:30.456Z"',
  binary: "base64 in double quotes", json: "any JSON", array: "a list: [1, 2]", object: 'an object: {"city": "Oslo"}',
};

export function formOf(type: string | undefined): string {
  return (type && forms[type]) ?? 'JSON: "text", 3, true, null';
}

/** Why a value is probably not of its declared type. The server decides; this is said while one types. */
export function unlike(type: string | undefined, text: string): string | undefined {
  if (!type || mistake(text)) return undefined;
  const node = read(text);
  if (node.kind === "null") return undefined;
  const whole = node.kind === "number" && !/[.eE]/.test(textOf(text, node));
  const quoted = node.kind === "string";
  const fits: Record<string, boolean> = {
    string: quoted, objectid: quoted && /^[0-9a-f]{24}$/i.test(node.value), uuid: quoted && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(node.value),
    int32: whole, int64: whole, double: node.kind === "number", decimal: quoted || node.kind === "number", bool: node.kind === "boolean" || /^[01]$/.test(textOf(text, node)),
    date: quoted && !Number.isNaN(Date.parse(node.value)), binary: quoted, array: quoted || node.kind === "array", object: quoted || node.kind === "object",
  };
  return fits[type] === false ? `This does not look like ${type}: ${formOf(type)}.` : undefined;
}
