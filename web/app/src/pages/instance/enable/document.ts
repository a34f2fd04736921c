import { stringify } from "yaml";
import type { components } from "../../../api/schema";
import { placeOf, type Answers, type Table } from "./answers";
import { providersOf } from "./providers";
import { allowOf } from "./rules";

type Type = components["schemas"]["Type"];

/** A type as the document spells it: a name, or a name with what it holds. */
export function typeOf(t: Type): unknown {
  const of = t.elem ? inner(t.elem) : t.fields ? membersOf(t.fields) : undefined;
  return of === undefined ? t.name : { type: t.name, of };
}

/** What a list holds: objects are spelled by their members alone. */
function inner(t: Type): unknown {
  return t.name === "object" && t.fields ? membersOf(t.fields) : typeOf(t);
}

function membersOf(fields: Record<string, Type>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, t]) => [name, typeOf(t)]));
}

function fieldOf(t: Table, column: string): Record<string, unknown> {
  const found = t.proposed.table.fields[column];
  const out: Record<string, unknown> = {};
  if (found && found.path !== column) out.path = found.path;
  const changed = t.types[column];
  if (changed) {
    if (changed !== "unknown") out.type = changed;
    return out;
  }
  const type = found ? typeOf(found.type) : undefined;
  if (typeof type === "string") out.type = type;
  else if (type) Object.assign(out, type);
  return out;
}

function tableOf(t: Table, postgres: boolean): Record<string, unknown> {
  const found = t.proposed.table;
  const columns = Object.keys(found.fields).filter((c) => !t.left.includes(c));
  return {
    ...(postgres ? { table: found.collection, key: found.key } : { collection: found.collection }),
    id: t.id,
    allow: allowOf(t.rule, (column) => placeOf(t, column)),
    fields: Object.fromEntries(columns.map((c) => [c, fieldOf(t, c)])),
  };
}

/** The configuration document of what was answered. */
export function documentOf(a: Answers): string {
  const auth: Record<string, unknown> = { powersync_url: a.powersyncURL.trim().replace(/\/+$/, "") };
  if (a.developmentTokens) auth.development_tokens = true;
  const chosen = (a.tables ?? []).filter((t) => t.included);
  if (chosen.some((t) => t.rule.choice === "role")) auth.claims = { role: "claims.role" };
  auth.providers = providersOf(a.providers);
  const document = {
    source: { type: a.type, uri: { secret: "SOURCE_URI" }, database: a.database },
    auth,
    tables: Object.fromEntries(chosen.map((t) => [t.proposed.name, tableOf(t, a.type === "postgres")])),
  };
  return stringify(document, { lineWidth: 140 });
}
