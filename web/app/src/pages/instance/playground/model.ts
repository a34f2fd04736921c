// The playground's world: one row, two phones. Everything here is bookkeeping; what a write becomes is decided by the
// instance's own pipeline, in a rehearsal.
import { parse } from "yaml";

export type Value = string | number | boolean | null;
export type Row = Record<string, Value>;

/** A column that can be edited here. */
export interface Column {
  name: string;
  path: string;
  type: "string" | "number" | "bool" | "date";
  /** What it begins with, where not every value may. */
  first?: string;
}

/** A table of the draft, as far as the playground needs it. */
export interface TableModel {
  name: string;
  id: string;
  columns: Column[];
  /** Who plays: an id that the columns can hold which rules compare with the user's. */
  user: string;
  /** What these columns hold, by path, so that the rules let the phones write. */
  owned: Record<string, Value>;
  /** The role that a rule asks for. */
  role?: string;
  /** What the configuration says of conflicts, in words. */
  configured: string;
  /** The columns' own policies, as far as one can choose them here. */
  merges: Record<string, string>;
}

interface DraftField { type?: unknown; path?: string; ignored?: boolean; immutable?: boolean; merge?: unknown; transitions?: Record<string, unknown> }
/** `due: date` is short for `due: {type: date}`. */
type Written = DraftField | string | null;
interface DraftTable { id?: string; allow?: Record<string, unknown>; fields?: Record<string, Written>; on_conflict?: unknown }
interface Draft { tables?: Record<string, DraftTable | null> }

const kinds: Record<string, Column["type"]> = { string: "string", int32: "number", int64: "number", double: "number", bool: "bool", date: "date" };

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

const long = (f: Written): DraftField => (typeof f === "string" ? { type: f } : (f ?? {}));

/** What a rule compares with the user's id: old.owner, new.meta.owner, string(old.owner). */
const owner = /(?:old|new)\.([A-Za-z_][\w.]*)\s*\)?\s*==\s*user\.id/g;

function tableOf(name: string, t: DraftTable): TableModel {
  const rules = Object.values(t.allow ?? {}).map(String).join(" ");
  const paths = [...new Set([...rules.matchAll(owner)].map((m) => m[1] ?? ""))];
  const fields = Object.entries(t.fields ?? {}).map(([column, f]) => ({ column, ...long(f), path: long(f).path ?? column }));
  const typeOf = (path: string | undefined): string => String(fields.find((f) => f.path === path)?.type ?? "string");
  const user = rowID(typeOf(paths[0]), "playground");
  const columns = fields.flatMap((f): Column[] => {
    const type = kinds[String(f.type ?? "string")];
    if (!type || f.ignored || f.immutable || paths.includes(f.path) || /(^|_)id$/i.test(f.column)) return [];
    return [{ name: f.column, path: f.path, type, ...(f.transitions ? { first: Object.keys(f.transitions)[0] } : {}) }];
  }).slice(0, 5);
  const merges = Object.fromEntries(columns.flatMap((c) => {
    const merge = fields.find((f) => f.column === c.name)?.merge;
    return typeof merge === "string" && mergesFor(c.type).includes(merge) ? [[c.name, merge]] : [];
  }));
  const role = /user\.claims\.role\s*==\s*["']([^"']+)["']/.exec(rules)?.[1];
  const configured = wordsOf(t.on_conflict ?? (fields.some((f) => f.merge) ? "merge" : "last_write"));
  return { name, id: t.id ?? "string", columns, user, owned: Object.fromEntries(paths.map((p) => [p, kinds[typeOf(p)] === "number" ? Number(user) : user])), ...(role ? { role } : {}), configured, merges };
}

/** A policy in words: merge, or version: v. */
function wordsOf(policy: unknown): string {
  return typeof policy === "object" && policy !== null ? Object.entries(policy).map(([k, v]) => `${k}: ${String(v)}`).join(", ") : String(policy);
}

/** The policy that leaves the document as it is. */
export const own = "own";

/** The document with other policies for one table, as an object for the API. */
export function withPolicy(draft: Draft, table: string, policy: string, merges: Record<string, string>): Record<string, unknown> {
  const copy = structuredClone(draft) as Draft;
  const t = copy.tables?.[table];
  if (t && policy !== own) {
    t.on_conflict = policy;
    for (const [column, f] of Object.entries(t.fields ?? {})) {
      const rest = { ...long(f) };
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
  if (type === "date") return ["last_write", "first_write", "server", "max", "min"];
  return ["last_write", "first_write", "server"];
}

/** An id that a column of a type can hold; text is taken as it is given. */
export function rowID(type: string, text = "row-1"): string {
  return { objectid: "65f0c0ffee00000000000001", uuid: "0190a6b0-0000-7000-8000-000000000001", int32: "1", int64: "1" }[type] ?? text;
}

const samples: Record<Column["type"], Value[]> = { string: ["Milk", "Bread", "Tea", "Salt", "Rice"], number: [10, 3, 1, 7, 5], bool: [false, true, false, true, false], date: [1, 2, 3, 4, 5].map((day) => `2026-01-0${day}T09:00:00.000Z`) };

/** A row to begin with. */
export function firstRow(t: TableModel): Row {
  return Object.fromEntries(t.columns.map((c, n) => [c.name, c.first ?? samples[c.type][n % 5] ?? null]));
}

/** A row as the database has it: by paths, with the user where rules want it. */
export function stored(t: TableModel, row: Row): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [path, v] of Object.entries(t.owned)) put(out, path, v);
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
