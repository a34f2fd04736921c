// The playground's world: one row, two phones. Everything here is bookkeeping; what a write becomes is decided by the
// instance's own pipeline, in a rehearsal.
import { parse } from "yaml";

export type Value = string | number | boolean | null;
export type Row = Record<string, Value>;

/** A column that can be edited here. */
export interface Column {
  name: string;
  path: string;
  type: "string" | "number" | "bool";
}

/** A table of the draft, as far as the playground needs it. */
export interface TableModel {
  name: string;
  id: string;
  columns: Column[];
  /** Paths that have to hold the user's id, so that the rules let the phones write. */
  owned: string[];
  /** The role that a rule asks for. */
  role?: string;
  policy: string;
  merges: Record<string, string>;
}

interface DraftField { type?: unknown; path?: string; ignored?: boolean; immutable?: boolean; merge?: unknown }
interface DraftTable { id?: string; allow?: Record<string, unknown>; fields?: Record<string, DraftField | null>; on_conflict?: unknown }
interface Draft { tables?: Record<string, DraftTable | null> }

const kinds: Record<string, Column["type"]> = { string: "string", int32: "number", int64: "number", double: "number", bool: "bool" };

/** Reads a configuration document; what cannot be read has no tables. */
export function readDraft(text: string): Draft {
  try {
    const doc: unknown = parse(text);
    return typeof doc === "object" && doc !== null ? (doc as Draft) : {};
  } catch {
    return {};
  }
}

export function tablesOf(draft: Draft): TableModel[] {
  return Object.entries(draft.tables ?? {}).flatMap(([name, t]) => (t ? [tableOf(name, t)] : []));
}

function tableOf(name: string, t: DraftTable): TableModel {
  const rules = Object.values(t.allow ?? {}).map(String).join(" ");
  const owned = [...rules.matchAll(/(?:old|new)\.([A-Za-z_][\w.]*)\s*==\s*user\.id/g)].map((m) => m[1] ?? "");
  const merges: Record<string, string> = {};
  const columns = Object.entries(t.fields ?? {}).flatMap(([column, f]) => {
    const type = kinds[String(f?.type ?? "string")];
    const path = f?.path ?? column;
    if (typeof f?.merge === "string") merges[column] = f.merge;
    return type && !f?.ignored && !f?.immutable && !owned.includes(path) && !/(^|_)id$/i.test(column) ? [{ name: column, path, type }] : [];
  });
  const role = /user\.claims\.role\s*==\s*["']([^"']+)["']/.exec(rules)?.[1];
  return { name, id: t.id ?? "string", columns: columns.slice(0, 5), owned: [...new Set(owned)], ...(role ? { role } : {}), policy: typeof t.on_conflict === "string" ? t.on_conflict : "last_write", merges };
}

/** The document with other policies for one table, as an object for the API. */
export function withPolicy(draft: Draft, table: string, policy: string, merges: Record<string, string>): Record<string, unknown> {
  const copy = structuredClone(draft) as Draft;
  const t = copy.tables?.[table];
  if (t) {
    t.on_conflict = policy;
    for (const [column, f] of Object.entries(t.fields ?? {})) {
      const rest = { ...f };
      delete rest.merge;
      const chosen = policy === "merge" ? merges[column] : undefined;
      if (t.fields) t.fields[column] = chosen && chosen !== "last_write" ? { ...rest, merge: chosen } : rest;
    }
  }
  return copy as Record<string, unknown>;
}

/** Field policies that make sense for a type. */
export function mergesFor(type: Column["type"]): string[] {
  if (type === "number") return ["last_write", "first_write", "server", "counter", "max", "min"];
  if (type === "string") return ["last_write", "first_write", "server", "text"];
  return ["last_write", "first_write", "server"];
}

/** The id of the row that is played with, in the form of the table's ids. */
export function rowID(type: string): string {
  return { objectid: "65f0c0ffee00000000000001", uuid: "0190a6b0-0000-7000-8000-000000000001", int64: "1" }[type] ?? "row-1";
}

const samples: Record<Column["type"], Value[]> = { string: ["Milk", "Bread", "Tea", "Salt", "Rice"], number: [10, 3, 1, 7, 5], bool: [false, true, false, true, false] };

/** A row to begin with. */
export function firstRow(t: TableModel): Row {
  return Object.fromEntries(t.columns.map((c, n) => [c.name, samples[c.type][n % 5] ?? null]));
}

/** A row as the database has it: by paths, with the user where rules want it. */
export function stored(t: TableModel, row: Row, user: string): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const path of t.owned) put(out, path, user);
  for (const c of t.columns) put(out, c.path, row[c.name] ?? null);
  return out;
}

/** The same back: a stored row as a phone sees it. */
export function seen(t: TableModel, document: unknown): Row {
  return Object.fromEntries(t.columns.map((c) => [c.name, asValue(c, get(document, c.path))]));
}

function asValue(c: Column, v: unknown): Value {
  if (v === undefined || v === null) return null;
  if (c.type === "bool") return v === true || v === 1;
  if (c.type === "number") return Number(v);
  return typeof v === "string" ? v : JSON.stringify(v);
}

function put(into: Record<string, unknown>, path: string, v: unknown): void {
  const names = path.split(".");
  let at = into;
  for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
  at[names.at(-1) ?? path] = v;
}

function get(from: unknown, path: string): unknown {
  return path.split(".").reduce((at, name) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined), from);
}

/** What a phone uploads: the columns that differ from what it last synced, with all that it had seen. undefined: nothing. */
export function change(t: TableModel, base: Row, local: Row): { data: Row; previousValues: Row } | undefined {
  const wire = (c: Column, v: Value): Value => (c.type === "bool" && v !== null ? (v ? 1 : 0) : v); // as SQLite has booleans
  const changed = t.columns.filter((c) => base[c.name] !== local[c.name]);
  if (changed.length === 0) return undefined;
  return {
    data: Object.fromEntries(changed.map((c) => [c.name, wire(c, local[c.name] ?? null)])),
    previousValues: Object.fromEntries(t.columns.map((c) => [c.name, wire(c, base[c.name] ?? null)])),
  };
}
