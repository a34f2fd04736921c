import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Pair } from "yaml";

/** What the server, or the reader of YAML, found at a place of the document. */
export interface Finding {
  path: string;
  line?: number;
  code?: string;
  message: string;
  hint?: string;
}

/** A place in the text, in characters from its start. */
export interface Place {
  from: number;
  to: number;
  /** Whether the path was found to its end; false: the nearest place above it, as where a setting is missing. */
  whole: boolean;
}

/** Reads a document as the server does: plain keys, no merge keys; what is wrong is in its errors. */
export function parse(text: string): Document {
  return parseDocument(text, { merge: false, uniqueKeys: true, prettyErrors: false, logLevel: "silent" });
}

/** The values of a document; an empty object when it has none, or cannot be read. */
export function values(doc: Document): Record<string, unknown> {
  if (doc.errors.length > 0) return {};
  const v: unknown = doc.toJS({ maxAliasCount: 1000 });
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}

/**
 * Finds the place of a path such as `tables.todos.fields.due.type` or `auth.providers[1].issuer`. Keys may hold
 * dots themselves, so that every key that the path begins with is tried.
 */
export function locate(doc: Document, path: string): Place {
  const start: Place = { from: 0, to: 0, whole: path === "" };
  if (!doc.contents) return start;
  return walk(doc.contents as Node, path, start);
}

function walk(node: Node, rest: string, above: Place): Place {
  if (rest === "") return { ...above, whole: true };
  let best = { ...above, whole: false };
  for (const [name, value, place] of members(node)) {
    const more = after(rest, name);
    if (more === undefined) continue;
    const found = value ? walk(value, more, place) : { ...place, whole: more === "" };
    if (found.whole) return found;
    if (found.from > best.from) best = found;
  }
  return best;
}

/** What a node contains, by the name that paths have for it. */
function members(node: Node): [string, Node | undefined, Place][] {
  if (isMap(node)) return node.items.map((p) => [keyOf(p), (p.value as Node | null) ?? undefined, placeOf(p)]);
  if (isSeq(node)) return node.items.map((item, n) => [`[${n}]`, item as Node, spot(item as Node)]);
  return [];
}

/** The rest of a path behind a name, or undefined when the path does not go there. */
function after(path: string, name: string): string | undefined {
  if (!path.startsWith(name)) return undefined;
  const rest = path.slice(name.length);
  if (rest === "" || rest.startsWith("[")) return rest;
  return rest.startsWith(".") ? rest.slice(1) : undefined;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : "";
}

/** A pair is shown at its value when that is short, else at its key. */
function placeOf(pair: Pair): Place {
  const value = pair.value as Node | null;
  const short = value && !isAlias(value) && !isCollection(value) && value.range && value.range[1] > value.range[0];
  return spot(short ? value : (pair.key as Node));
}

function spot(node: Node): Place {
  const [from, to] = node.range ?? [0, 0];
  return { from, to: isCollection(node) ? Math.min(to, from + 1) : to, whole: true };
}

/** The line of a place, from 1. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let n = text.indexOf("\n"); n >= 0 && n < at; n = text.indexOf("\n", n + 1)) line++;
  return line;
}

/** The column of a place, from 1. */
export function columnAt(text: string, at: number): number {
  return at - (at > 0 ? text.lastIndexOf("\n", at - 1) : -1);
}

/** What to mark in the editor. */
export interface Mark {
  from: number;
  to: number;
  severity: "error" | "warning";
  message: string;
}

/** Whether a finding is about a hook file rather than the document. */
export function inFile(f: Finding): boolean {
  return /^(hooks|lib|tests?)\/|\.[cm]?[jt]s$/.test(f.path);
}

/** Brings findings to their places. Mistakes of YAML itself are found here, at once; the server's copy of them is left out. */
export function marks(text: string, errors: Finding[], warnings: Finding[]): Mark[] {
  const doc = parse(text);
  const out: Mark[] = doc.errors.map((e) => ({ from: Math.min(e.pos[0], text.length), to: Math.min(Math.max(e.pos[1], e.pos[0] + 1), text.length), severity: "error", message: e.message }));
  const broken = out.length > 0;
  const add = (list: Finding[], severity: Mark["severity"]): void => {
    for (const f of list) {
      if (inFile(f) || (broken && f.code === "not_yaml")) continue;
      const place = f.code === "not_yaml" ? lineNamed(text, f.message) : locate(doc, f.path);
      const missing = place.whole ? "" : `${f.path}: `;
      out.push({ from: place.from, to: place.to, severity, message: missing + f.message + (f.hint ? ` ${f.hint}` : "") });
    }
  };
  add(errors, "error");
  add(warnings, "warning");
  return out.sort((a, b) => a.from - b.from);
}

/** The line that a message names, as the server's reader of YAML does. */
function lineNamed(text: string, message: string): Place {
  const n = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
  let from = 0;
  for (let line = 1; line < n; line++) {
    const next = text.indexOf("\n", from);
    if (next < 0) break;
    from = next + 1;
  }
  const end = text.indexOf("\n", from);
  return { from, to: end < 0 ? text.length : end, whole: true };
}
