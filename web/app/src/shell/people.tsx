import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { body, client } from "../api/client";
import type { components } from "../api/schema";
import { Plain } from "../ui/Plain";

export type Member = components["schemas"]["Member"];

/** Everybody in an organization by their id, for pages that name people. Who has left is not among them. */
export function usePeople(org: string | undefined): Map<string, Member> {
  const q = useQuery({ queryKey: ["people", org], enabled: !!org, staleTime: 60_000, queryFn: () => everybody(org ?? "") });
  return q.data ?? nobody;
}

const nobody = new Map<string, Member>();

async function everybody(org: string): Promise<Map<string, Member>> {
  const out = new Map<string, Member>();
  let cursor: string | undefined;
  do {
    const page = await body(client.GET("/api/v1/orgs/{org}/members", { params: { path: { org }, query: { cursor, limit: 100 } } }));
    for (const m of page.data ?? []) out.set(m.user_id, m);
    cursor = page.next_cursor || undefined;
  } while (cursor);
  return out;
}

/** A person by name, or by id when they are no member any more. */
export function Person({ id, people }: { id: string | undefined; people: Map<string, Member> }): ReactNode {
  if (!id) return <span>Turnkey</span>;
  const m = people.get(id);
  if (!m) return <code><Plain>{id}</Plain></code>;
  return <span title={m.email}><Plain>{m.name || m.email}</Plain></span>;
}
