import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body, client, tagged } from "../../../api/client";
import { asProblem, Problem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { edits, useEdits } from "./edits";
import { itemsOf, unsavedOf, type Draft, type Item } from "./project";
import type { Table } from "./template";

export type ServerFinding = components["schemas"]["Finding"];

type SavedFile = Draft["files"][number];

/** What the draft of an instance is made of, as every panel of the page sees it. */
export interface Workspace {
  instance: string;
  draft: Draft | undefined;
  problem: Problem | undefined;
  retry: () => void;
  items: Item[];
  tables: Table[];
  /** turnkey.d.ts with the tables; undefined until it is there. */
  types: string | undefined;
  /** true, or why nothing can be changed. */
  mayWrite: true | string;
  /** Runtimes remember what devices sent last. */
  development: boolean;
  mayTry: true | string;
  mayDeploy: true | string;
}

const ofInstance = (instance: string) => ({ params: { path: { instance } } });

const draftPath = "/api/v1/instances/{instance}/draft";

export const draftKey = ["get", draftPath];
export const deploymentsKey = ["deployments"];

export function useWorkspace(): Workspace {
  const { instance, may } = useHere();
  const id = instance.id;
  const draft = api.useQuery("get", draftPath, ofInstance(id));
  const tables = api.useQuery("get", "/api/v1/instances/{instance}/tables", ofInstance(id));
  const types = api.useQuery("get", "/api/v1/instances/{instance}/hooks/types.d.ts", { ...ofInstance(id), parseAs: "text" });
  const changed = useEdits(id);
  const items = useMemo(() => itemsOf(draft.data, changed), [draft.data, changed]);
  const error = draft.error ?? types.error ?? tables.error;
  return {
    instance: id, draft: draft.data, items, tables: tables.data?.data ?? [], types: types.data as string | undefined,
    problem: error ? asProblem(error) : undefined, retry: () => { void draft.refetch(); void types.refetch(); void tables.refetch(); },
    mayWrite: may("config:write"), development: instance.kind === "development", mayTry: may("rehearsal:run"), mayDeploy: may("deployment:write"),
  };
}

/** The tag that no saved file has: with it only a file that does not exist is made. */
const newFile = '"v0"';

/** A path of several steps stays one. */
const address = (instance: string, path: string) => ({
  params: { path: { instance, path } },
  pathSerializer: (to: string) => to.replace("{instance}", encodeURIComponent(instance)).replace("{path}", path.split("/").map(encodeURIComponent).join("/")),
});

async function put(instance: string, item: Pick<Item, "path" | "text" | "etag">): Promise<SavedFile> {
  const answer = tagged(await client.PUT("/api/v1/instances/{instance}/files/{path}", {
    ...address(instance, item.path), headers: { "If-Match": item.etag || newFile }, body: { content: item.text },
  }));
  return { path: item.path, content: item.text, etag: answer.tag, updated_at: answer.value.updated_at, updated_by: answer.value.updated_by };
}

async function remove(instance: string, path: string): Promise<void> {
  await body(client.DELETE("/api/v1/instances/{instance}/files/{path}", address(instance, path)));
}

/** Puts what was saved into the draft that is shown, so that nothing jumps until it is read again. */
function keep(queries: QueryClient, instance: string, file: SavedFile): void {
  queries.setQueriesData<Draft>({ queryKey: draftKey, predicate: (q) => JSON.stringify(q.queryKey).includes(JSON.stringify(instance)) },
    (old) => old && { ...old, files: [...old.files.filter((f) => f.path !== file.path), file] });
  const edit = edits.get(instance)[file.path];
  if (edit?.text === file.content) edits.drop(instance, file.path);
  else if (edit) edits.put(instance, file.path, { ...edit, etag: file.etag }); // typed while the save was on its way
}

/** Saves files, one after the other; what is saved is no longer unsaved, also when a later one fails. */
export function useSave(instance: string, then?: (paths: string[]) => void) {
  const queries = useQueryClient();
  return useAct(async (items: Item[]) => {
    for (const item of items) {
      try {
        keep(queries, instance, await put(instance, item));
      } catch (e) {
        if (asProblem(e).status !== 412) throw e;
        // Somebody was faster: read what they saved, so that the two can be compared.
        await queries.invalidateQueries({ queryKey: draftKey });
        throw new Problem(412, "version_mismatch", `Somebody else changed ${item.path} meanwhile.`, "Yours is kept, and not saved. Above the code are the differences: save yours over it, or take theirs.");
      }
    }
    return items.map((i) => i.path);
  }, { done: (paths) => (paths.length === 1 ? `Saved ${paths[0]}` : `Saved ${paths.length} files`), refresh: [draftKey], then });
}

export function useRename(instance: string, then: (path: string) => void) {
  return useAct(async ({ item, path }: { item: Item; path: string }) => {
    await put(instance, { path, text: item.text, etag: "" });
    if (item.saved !== undefined) await remove(instance, item.path);
    edits.drop(instance, item.path);
    return path;
  }, { done: (path) => `Renamed to ${path}`, refresh: [draftKey], then });
}

export function useRemove(instance: string, then: () => void) {
  return useAct(async (item: Item) => {
    if (item.saved !== undefined) await remove(instance, item.path);
    edits.drop(instance, item.path);
    return item.path;
  }, { done: (path) => `Removed ${path}`, refresh: [draftKey], then });
}

/** What the server is asked about: the draft with what is not saved. */
export function candidate(items: Item[]): { files?: Record<string, string> } {
  const files = unsavedOf(items);
  return files ? { files } : {};
}
