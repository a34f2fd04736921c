import { appended, get, read, removed, replaced, textOf, type Member, type Node } from "../../../api/exact";

/** One operation of a client's transaction, by its place in the text. */
export interface Operation {
  op: string;
  table: string;
  id: string;
  node: Node;
  /** The columns that it writes; undefined: none, or in a form that is edited as text. */
  data: (Node & { kind: "object" }) | undefined;
}

/** The spellings of the dialects: the reference contract, the {batch} form and what toJSON writes. */
const names = { op: ["op"], table: ["table", "type"], data: ["op_data", "data", "opData"] };

/** The operations of a transaction as it was received; empty when it is none that this knows. */
export function operations(text: string): Operation[] {
  return list(text).map((node) => {
    const data = first(node, names.data);
    return { op: string(first(node, names.op)), table: string(first(node, names.table)), id: string(get(node, "id")), node, data: data?.kind === "object" ? data : undefined };
  });
}

function list(text: string): Node[] {
  let root: Node;
  try {
    root = read(text);
  } catch {
    return [];
  }
  const crud = root.kind === "array" ? root : (get(root, "crud") ?? get(root, "batch"));
  return crud?.kind === "array" ? crud.items : [];
}

function first(node: Node, spellings: string[]): Node | undefined {
  for (const name of spellings) {
    const found = get(node, name);
    if (found) return found;
  }
  return undefined;
}

function string(node: Node | undefined): string {
  return node?.kind === "string" ? node.value : "";
}

/** A column of an operation, with its value as it is written. */
export function columns(text: string, o: Operation): { member: Member; value: string }[] {
  return o.data?.members.map((member) => ({ member, value: textOf(text, member.value) })) ?? [];
}

// Each edit makes a new text of the old one; nothing else in it changes.

/** Gives a column another value, which is JSON text. */
export function withValue(text: string, member: Member, value: string): string {
  return replaced(text, member.value, value);
}

/** Takes a column out of an operation. */
export function withoutColumn(text: string, o: Operation, member: Member): string {
  return o.data ? removed(text, o.data.members, o.data.members.indexOf(member)) : text;
}

/** Adds a column, null at first. */
export function withColumn(text: string, o: Operation, name: string): string {
  return o.data ? appended(text, o.data, `${JSON.stringify(name)}:null`) : text;
}

/** Takes an operation out of the transaction. */
export function withoutOperation(text: string, index: number): string {
  return removed(text, list(text), index);
}

/** The body of a replay. The transaction goes in as its text: what was not edited goes out as it came. */
export function replayBody(transaction: string | undefined): string {
  return transaction === undefined ? "{}" : `{"transaction":${transaction}}`;
}
