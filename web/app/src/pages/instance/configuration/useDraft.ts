import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { client, tagged, type Tagged } from "../../../api/client";
import { asProblem, type Problem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { useMe } from "../../../shell/me";
import { read, write, type Kept } from "./kept";

export type Saved = components["schemas"]["Draft"];

/** The configuration draft of an instance as it is being edited here. */
export interface Draft {
  saved: Tagged<Saved> | undefined;
  waiting: boolean;
  problem: Problem | undefined;
  retry: () => void;
  text: string;
  /** Since when there are unsaved changes. */
  unsaved: string | undefined;
  /** What the changes were made from. */
  base: string | undefined;
  /** Somebody else saved while there are changes here. */
  stale: boolean;
  edit: (text: string) => void;
  save: (then?: () => void) => void;
  saving: boolean;
  refused: Problem | undefined;
  /** Gives up what is here, and takes what is saved. */
  discard: () => void;
  /** Keeps what is here; the next save replaces what somebody else saved. */
  overwrite: () => void;
}

/** Reads, keeps and saves the draft. Every save carries the ETag that the text was made from. */
export function useDraft(instance: string): Draft {
  const user = useMe()?.id ?? "";
  const queries = useQueryClient();
  const key = ["configuration", instance];
  const now = useQuery({
    queryKey: key, refetchInterval: 15_000,
    queryFn: async () => tagged(await client.GET("/api/v1/instances/{instance}/config", { params: { path: { instance } } })) as Tagged<Saved>,
  });
  // Who it is may be known only after the first drawing, and the page may go on to another instance.
  const owner = user && `${user}:${instance}`;
  const [held, hold] = useState<{ owner: string; kept: Kept | undefined }>({ owner: "", kept: undefined });
  if (owner && held.owner !== owner) hold({ owner, kept: read(user, instance) });
  const kept = held.owner === owner ? held.kept : undefined;
  const saved = now.data;
  const keep = useCallback((k: Kept | undefined) => { hold({ owner, kept: k }); write(user, instance, k); }, [user, instance, owner]);
  const same = kept && saved && kept.text === saved.value.config;
  const mine = same ? undefined : kept;
  const act = useAct(async ({ text, tag }: { text: string; tag: string; then?: () => void }) =>
    tagged(await client.PUT("/api/v1/instances/{instance}/config", { params: { path: { instance }, header: { "If-Match": tag } }, body: { config: text } })) as Tagged<Saved>, {
    quiet: true, done: "The draft is saved.",
    refresh: [["get", "/api/v1/instances/{instance}/config"]],
    then: (answer, given) => {
      queries.setQueryData(key, answer);
      // What was typed while it was being saved stays, on top of what is saved now.
      hold((h) => {
        const left = h.kept && h.kept.text !== given.text ? { ...h.kept, tag: answer.tag, base: answer.value.config } : undefined;
        write(user, instance, left);
        return { ...h, kept: left };
      });
      given.then?.();
    },
  });
  const failed = act.problem?.status === 412;
  useEffect(() => { if (failed) void queries.invalidateQueries({ queryKey: ["configuration", instance] }); }, [failed, queries, instance]);
  const dirty = mine !== undefined;
  useEffect(() => {
    if (!dirty) return;
    const warn = (e: BeforeUnloadEvent): void => { e.preventDefault(); };
    window.addEventListener("beforeunload", warn);
    return () => { window.removeEventListener("beforeunload", warn); };
  }, [dirty]);
  const text = mine?.text ?? saved?.value.config ?? "";
  return {
    saved, waiting: now.isPending, problem: now.error && !saved ? asProblem(now.error) : undefined, retry: () => { void now.refetch(); },
    text, unsaved: mine?.at, base: mine?.base, stale: mine !== undefined && saved !== undefined && mine.tag !== saved.tag,
    edit: (next) => {
      if (!saved) return;
      if (act.isError) act.reset();
      keep(next === saved.value.config ? undefined : { tag: mine?.tag ?? saved.tag, base: mine?.base ?? saved.value.config, text: next, at: mine?.at ?? new Date().toISOString() });
    },
    save: (then) => { if (saved) act.mutate({ text, tag: mine?.tag ?? saved.tag, then }); },
    saving: act.isPending, refused: act.problem && !failed ? act.problem : undefined,
    discard: () => { act.reset(); keep(undefined); },
    overwrite: () => { act.reset(); if (mine && saved) keep({ ...mine, tag: saved.tag, base: saved.value.config }); },
  };
}
