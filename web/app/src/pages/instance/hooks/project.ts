import type { components } from "../../../api/schema";
import type { Edits } from "./edits";

export type Draft = components["schemas"]["DraftWhole"];

/** One file as the page shows it: saved, changed, new, or changed by two. */
export interface Item {
  path: string;
  text: string;
  /** What is saved; undefined for a file that is not. */
  saved?: string;
  etag: string;
  unsaved: boolean;
  /** Somebody saved another text since it was read here. */
  stale: boolean;
  by?: string;
  at?: string;
}

/** Lays what is not saved over what is. */
export function itemsOf(draft: Draft | undefined, edits: Edits): Item[] {
  const items = new Map<string, Item>();
  for (const f of draft?.files ?? []) {
    const edit = edits[f.path];
    const unsaved = edit !== undefined && edit.text !== f.content;
    items.set(f.path, {
      path: f.path, text: edit?.text ?? f.content, saved: f.content, etag: edit?.etag ?? f.etag, unsaved,
      stale: unsaved && edit.etag !== f.etag, by: f.updated_by_name ?? f.updated_by, at: f.updated_at,
    });
  }
  for (const [path, edit] of Object.entries(edits)) {
    if (!items.has(path)) items.set(path, { path, text: edit.text, etag: edit.etag, unsaved: true, stale: edit.etag !== "" });
  }
  return [...items.values()].sort((a, b) => a.path.localeCompare(b.path));
}

/** The texts by path, for TypeScript. */
export function textsOf(items: Item[]): Record<string, string> {
  return Object.fromEntries(items.map((i) => [i.path, i.text]));
}

/** What the server is told of files that are not saved. */
export function unsavedOf(items: Item[]): Record<string, string> | undefined {
  const list = items.filter((i) => i.unsaved);
  return list.length === 0 ? undefined : Object.fromEntries(list.map((i) => [i.path, i.text]));
}

export type Kind = "hook" | "test" | "shared" | "data";

export function kindOf(path: string): Kind {
  if (/\.test\.(ts|js)$/.test(path)) return "test";
  if (path.endsWith(".json")) return "data";
  return /^hooks\/[^/]+$/.test(path) ? "hook" : "shared";
}

/** The table whose hook a file is; undefined for all others. */
export function tableOf(path: string): string | undefined {
  const name = /^hooks\/([^/_][^/]*)\.(ts|js)$/.exec(path)?.[1];
  return name && kindOf(path) === "hook" ? name : undefined;
}

const valid = /^(hooks|lib)(\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,6}\.(ts|js|json)$/;

/** Why a file cannot have that name; "" when it can. */
export function wrongName(path: string, taken: string[]): string {
  if (taken.includes(path)) return `There is ${path} already.`;
  if (path.includes("..") || !valid.test(path)) return "Files are hooks/<table>.ts, or anything below hooks/ and lib/ that ends in .ts, .js or .json.";
  return "";
}

export interface Group {
  title: string;
  items: Item[];
}

/** The files as the list shows them; tests and fixtures come after the hooks that they belong to. */
export function groupsOf(items: Item[]): Group[] {
  const of = (...kinds: Kind[]): Item[] => items.filter((i) => kinds.includes(kindOf(i.path)));
  return [
    { title: "Hooks", items: of("hook") },
    { title: "Shared code", items: of("shared") },
    { title: "Tests and fixtures", items: of("test", "data") },
  ].filter((g) => g.items.length > 0);
}
