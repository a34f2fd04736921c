import { isCollection, isMap, isScalar, isSeq, Scalar, type Document, type Node, type Pair } from "yaml";
import { parse } from "./document";

// The form's edits of the document. Each is made on the parsed document, so that comments and order survive, and
// where it can be written into the text as it stands, nothing else of the text changes: an edit that was written so
// is read again, and used only if it says the same.

/** Steps from the root of the document: keys and indexes. */
export type Path = readonly (string | number)[];

/** How findings spell a path. */
export function spelled(path: Path): string {
  return path.map((s, n) => (typeof s === "number" ? `[${s}]` : n === 0 ? s : `.${s}`)).join("");
}

const render = { lineWidth: 0, flowCollectionPadding: false } as const;

/** Sets a value, making what is missing on the way. flow: written in braces, on one line. */
export function set(text: string, path: Path, value: unknown, flow = false): string {
  const doc = readable(text);
  const old = doc.getIn(path, true);
  const plain = typeof value !== "object" || value === null;
  if (isScalar(old) && plain) {
    if (old.value === value) return text;
    const range = old.range;
    old.value = value;
    if (typeof value !== "string") old.type = undefined;
    return shortest(doc, range ? text.slice(0, range[0]) + inline(doc, value, old) + text.slice(range[1]) : undefined);
  }
  const insert = old === undefined ? appended(text, doc, path, value, flow) : undefined;
  makeParents(doc, path);
  doc.setIn(path, doc.createNode(value, { flow }));
  return shortest(doc, insert);
}

/** Removes a value, and the mappings that are left with nothing by it, but not the first `keep` steps of the path. */
export function unset(text: string, path: Path, keep = 0): string {
  const doc = readable(text);
  if (!doc.hasIn(path)) return text;
  let last = path.length;
  while (last > keep + 1 && last > 1 && typeof path[last - 1] === "string") {
    const parent = doc.getIn(path.slice(0, last - 1), true);
    if (!isCollection(parent) || parent.items.length > 1) break;
    last--;
  }
  const gone = path.slice(0, last);
  const cut = withoutLines(text, doc, gone);
  doc.deleteIn(gone);
  return shortest(doc, cut);
}

/** Gives a key another name, in its place. */
export function rename(text: string, path: Path, name: string): string {
  const doc = readable(text);
  const pair = pairAt(doc, path);
  if (!pair || !isScalar(pair.key) || pair.key.value === name) return text;
  const range = pair.key.range;
  pair.key.value = name;
  return shortest(doc, range ? text.slice(0, range[0]) + inline(doc, name, pair.key) + text.slice(range[1]) : undefined);
}

/** Adds to the end of a list. */
export function append(text: string, path: Path, value: unknown, flow = true): string {
  const doc = readable(text);
  const list = doc.getIn(path, true);
  if (isSeq(list)) list.add(doc.createNode(value, { flow }));
  else {
    makeParents(doc, path);
    const made = doc.createNode([]) as Node;
    doc.setIn(path, made);
    if (isSeq(made)) made.add(doc.createNode(value, { flow }));
  }
  return String(doc.toString(render));
}

/** A document that can be edited; one with mistakes is left to the editor of its text. */
function readable(text: string): Document {
  const doc = parse(text);
  const [first] = doc.errors;
  if (first) throw new Error(`The document cannot be read: ${first.message}`);
  if (!isMap(doc.contents)) doc.contents = doc.createNode({}) as never;
  return doc;
}

/** Makes the collections that a path needs; an empty value (`tables:`) becomes one. */
function makeParents(doc: Document, path: Path): void {
  for (let n = 1; n < path.length; n++) {
    const at = path.slice(0, n);
    if (!isCollection(doc.getIn(at, true))) doc.setIn(at, doc.createNode(typeof path[n] === "number" ? [] : {}));
  }
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  if (isMap(parent) && parent.items.length === 0) parent.flow = false;
}

function pairAt(doc: Document, path: Path): Pair | undefined {
  const map = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  const key = path[path.length - 1];
  return isMap(map) ? map.items.find((p) => isScalar(p.key) && p.key.value === key) : undefined;
}

/** A scalar as it would stand on one line, in the quotes that it had. */
function inline(doc: Document, value: unknown, was: Scalar): string {
  const made = new Scalar(value);
  if (was.type === Scalar.QUOTE_DOUBLE || was.type === Scalar.QUOTE_SINGLE) made.type = was.type;
  const line = doc.createNode([made], { flow: true }) as Node;
  return documentOf(line).trim().slice(1, -1).trim();
}

function documentOf(node: Node): string {
  const doc = parse("");
  doc.contents = node as never;
  return doc.toString(render);
}

/** The text with a value added under the last key of the nearest mapping there is, in block style. */
function appended(text: string, doc: Document, path: Path, value: unknown, flow: boolean): string | undefined {
  let n = path.length - 1;
  while (n > 0 && !doc.hasIn(path.slice(0, n))) n--;
  const map: unknown = n === 0 ? doc.contents : doc.getIn(path.slice(0, n), true);
  if (!isMap(map) || path.slice(n).some((s) => typeof s === "number")) return undefined;
  const first = map.items[0]?.key as Node | undefined;
  const last = map.items[map.items.length - 1];
  const end = ((last?.value as Node | null) ?? (last?.key as Node | undefined))?.range?.[1];
  if (map.flow || !first?.range || end === undefined) return undefined;
  const column = first.range[0] - (text.lastIndexOf("\n", first.range[0] - 1) + 1);
  const added = path.slice(n).reduceRight<unknown>((inner, step) => ({ [step]: inner }), doc.createNode(value, { flow }));
  const lines = documentOf(doc.createNode(added) as Node).trimEnd().split("\n").map((l) => " ".repeat(column) + l).join("\n");
  const newline = text.indexOf("\n", end > 0 ? end - 1 : 0);
  if (newline < 0) return `${text}\n${lines}\n`;
  return `${text.slice(0, newline + 1)}${lines}\n${text.slice(newline + 1)}`;
}

/** The text without the lines of a key in a mapping in block style. */
function withoutLines(text: string, doc: Document, path: Path): string | undefined {
  const pair = pairAt(doc, path);
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  const from = (pair?.key as Node | undefined)?.range?.[0];
  const to = ((pair?.value as Node | null) ?? (pair?.key as Node | undefined))?.range?.[1];
  if (!isMap(parent) || parent.flow || from === undefined || to === undefined) return undefined;
  const begin = text.lastIndexOf("\n", from - 1) + 1;
  if (text.slice(begin, from).trim() !== "") return undefined;
  const newline = text.indexOf("\n", to > 0 ? to - 1 : 0);
  return text.slice(0, begin) + (newline < 0 ? "" : text.slice(newline + 1));
}

/** The edit as it was written into the text, if that means the same; else the document written anew. */
function shortest(doc: Document, candidate: string | undefined): string {
  const whole = doc.toString(render);
  if (candidate === undefined) return whole;
  const read = parse(candidate);
  if (read.errors.length === 0 && JSON.stringify(read.toJS()) === JSON.stringify(parse(whole).toJS())) return candidate;
  return whole;
}
