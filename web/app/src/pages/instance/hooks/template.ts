import type { components } from "../../../api/schema";

export type Table = components["schemas"]["DraftTable"];
export type Column = Table["columns"][number];

/** What a template was made for: a file, or why this table cannot have it. */
export type Made = { path: string; text: string } | { reason: string };

export interface Template {
  id: string;
  title: string;
  about: string;
  /** Whether it belongs to a table; the others have a file of their own. */
  ofTable: boolean;
  make: (table: Table) => Made;
}

/** A column that is a member of the row itself and fits, the likeliest name first. */
export function pick(table: Table, types: string[], names: RegExp, strict = false): Column | undefined {
  const fitting = table.columns.filter((c) => !c.ignored && !c.path.includes(".") && types.includes(c.type ?? ""));
  return fitting.find((c) => names.test(c.path)) ?? (strict ? undefined : fitting[0]);
}

/** Writes a member's name in an object. */
export function member(column: Column): string {
  return /^[A-Za-z_]\w*$/.test(column.path) ? column.path : JSON.stringify(column.path);
}

/** Writes member access: data.title, or data["placed-at"]. */
export function at(object: string, column: Column): string {
  return /^[A-Za-z_]\w*$/.test(column.path) ? `${object}.${column.path}` : `${object}[${JSON.stringify(column.path)}]`;
}

/** The same after a question mark: old?.title, or old?.["placed-at"]. */
export function maybe(object: string, column: Column): string {
  return /^[A-Za-z_]\w*$/.test(column.path) ? `${object}?.${column.path}` : `${object}?.[${JSON.stringify(column.path)}]`;
}

export function hookFile(table: Table, functions: string, before = ""): Made {
  return { path: `hooks/${table.name}.ts`, text: `${before}export default {\n${functions}} satisfies Hooks<${JSON.stringify(table.name)}>;\n` };
}

export const lacks = (table: Table, what: string): Made => ({ reason: `${table.name} has no ${what}. Declare one in the configuration first.` });

export const texts = ["string"];
export const ids = ["string", "objectid", "uuid"];
export const numbers = ["int64", "int32", "double"];
