import { problemOf } from "./problem";

/**
 * JSON by its text. JSON.parse turns 9007199254740993 into another number, and writing its result again changes what
 * nobody touched; here every value knows where it stands in the text, and edits replace that place alone.
 */
export type Node = Span & ({ kind: "object"; members: Member[] } | { kind: "array"; items: Node[] } | { kind: "string"; value: string } | { kind: "number" } | { kind: "boolean" } | { kind: "null" });

interface Span {
  start: number;
  end: number;
}

export interface Member extends Span {
  name: string;
  value: Node;
}

/** Text that is no JSON, and where it stops being. */
export class NotJson extends Error {
  constructor(
    readonly at: number,
    readonly line: number,
    readonly column: number,
    what: string,
  ) {
    super(`Line ${line}, column ${column}: ${what}`);
  }
}

const deepest = 200;
const space = /[ \t\n\r]*/y;
const numeral = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- controls are what strings must not hold
const quoted = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const word = /true|false|null/y;

/** Reads text that is one JSON value. */
export function read(text: string): Node {
  let at = 0;
  const fail = (what: string): never => {
    const before = text.slice(0, at).split("\n");
    throw new NotJson(at, before.length, (before.at(-1)?.length ?? 0) + 1, what);
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const sign = (wanted: string): boolean => {
    take(space);
    if (text[at] !== wanted) return false;
    at++;
    return true;
  };
  /** The elements between an opening sign, which is read, and the closing one. */
  const list = (close: string, element: () => void): void => {
    if (sign(close)) return;
    do element();
    while (sign(","));
    if (!sign(close)) fail(`expected "," or "${close}"`);
  };
  const member = (depth: number): Member => {
    take(space);
    const start = at;
    const name = take(quoted) ?? fail("expected a name in double quotes");
    if (!sign(":")) fail('expected ":"');
    const content = value(depth);
    return { name: JSON.parse(name) as string, value: content, start, end: at };
  };
  const value = (depth: number): Node => {
    if (depth > deepest) fail("this is nested too deeply");
    take(space);
    const start = at;
    if (sign("{")) {
      const members: Member[] = [];
      list("}", () => { members.push(member(depth + 1)); });
      return { kind: "object", members, start, end: at };
    }
    if (sign("[")) {
      const items: Node[] = [];
      list("]", () => { items.push(value(depth + 1)); });
      return { kind: "array", items, start, end: at };
    }
    const string = take(quoted);
    if (string !== undefined) return { kind: "string", value: JSON.parse(string) as string, start, end: at };
    if (take(numeral) !== undefined) return { kind: "number", start, end: at };
    const literal = take(word);
    if (literal === undefined) return fail(at >= text.length ? "the text ends too early" : "this is no JSON value");
    return { kind: literal === "null" ? "null" : "boolean", start, end: at };
  };
  const whole = value(0);
  take(space);
  if (at < text.length) fail("there is more than one value");
  return whole;
}

/** Why text is no JSON; undefined: it is. */
export function mistake(text: string): string | undefined {
  try {
    read(text);
    return undefined;
  } catch (e) {
    return e instanceof NotJson ? e.message : String(e);
  }
}

/** The value of a name; of a name that is there twice the last one, as the server reads it. */
export function get(node: Node | undefined, name: string): Node | undefined {
  return node?.kind === "object" ? node.members.findLast((m) => m.name === name)?.value : undefined;
}

/** A node's own text. */
export function textOf(text: string, node: Node): string {
  return text.slice(node.start, node.end);
}

/** The text with another one in the place of a node. */
export function replaced(text: string, place: Span, by: string): string {
  return text.slice(0, place.start) + by + text.slice(place.end);
}

/** The text with one more element at the end of an object or array. */
export function appended(text: string, into: Node & { kind: "object" | "array" }, element: string): string {
  const count = into.kind === "object" ? into.members.length : into.items.length;
  return text.slice(0, into.end - 1) + (count > 0 ? "," : "") + element + text.slice(into.end - 1);
}

/** The text without one of the elements of a list, and without the comma that it leaves. */
export function removed(text: string, list: Span[], index: number): string {
  const [before, it, after] = [list[index - 1], list[index], list[index + 1]];
  if (!it) return text;
  return after ? text.slice(0, it.start) + text.slice(after.start) : text.slice(0, before?.end ?? it.start) + text.slice(it.end);
}

/** The same value to be looked at: with line breaks and indentation, without needless escapes, numbers as they are written. */
export function indented(text: string, node: Node = read(text), level = 0): string {
  const inner = "  ".repeat(level + 1);
  const block = (open: string, close: string, parts: string[]): string => (parts.length === 0 ? open + close : `${open}\n${parts.map((p) => inner + p).join(",\n")}\n${"  ".repeat(level)}${close}`);
  if (node.kind === "object") return block("{", "}", node.members.map((m) => `${JSON.stringify(m.name)}: ${indented(text, m.value, level + 1)}`));
  if (node.kind === "array") return block("[", "]", node.items.map((i) => indented(text, i, level + 1)));
  return node.kind === "string" ? JSON.stringify(node.value) : textOf(text, node);
}

/** The text of a value, whatever the order of its members and the space between them: equal for equal values. */
export function canonical(text: string, node: Node = read(text)): string {
  if (node.kind === "object") return `{${node.members.map((m) => `${JSON.stringify(m.name)}:${canonical(text, m.value)}`).sort().join(",")}}`;
  if (node.kind === "array") return `[${node.items.map((i) => canonical(text, i)).join(",")}]`;
  return node.kind === "string" ? JSON.stringify(node.value) : textOf(text, node);
}

/** An answer with its text: the value for what is looked at, the nodes for what has to be exact. */
export interface Exact<T> {
  value: T;
  text: string;
  node: Node;
}

/** Reads an answer by its text; for calls with `parseAs: "text"`. */
export async function exact<T>(call: Promise<{ data?: unknown; response: Response }>): Promise<Exact<T>> {
  const { data, response } = await call;
  if (typeof data !== "string") throw await problemOf(response);
  return { value: JSON.parse(data) as T, text: data, node: read(data) };
}
