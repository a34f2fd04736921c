import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { body, client } from "../api/client";
import type { components } from "../api/schema";
import { Plain } from "../ui/Plain";
import { useMay } from "./me";

export type Member = components["schemas"]["Member"];

/** Somebody as far as one may know them: an address is for those who see the organization's members. */
interface Known {
  user_id: string;
  name: string;
  email?: string;
}

export type People = Map<string, Known>;

/** Everybody in an organization by their id, for its pages that name people. Who has left is not among them. */
export function usePeople(org: string | undefined): People {
  const may = useMay(org)("member:read") === true;
  const q = useQuery({
    queryKey: ["people", org], enabled: may, staleTime: 60_000,
    queryFn: () => everybody((cursor) => body(client.GET("/api/v1/orgs/{org}/members", { params: { path: { org: org ?? "" }, query: { cursor, limit: 100 } } }))),
  });
  return q.data ?? nobody;
}

/** Everybody who works on a project, for its pages and those of its instances: also for who works on nothing else. */
export function useColleagues(project: string): People {
  const q = useQuery({
    queryKey: ["colleagues", project], staleTime: 60_000,
    queryFn: () => everybody((cursor) => body(client.GET("/api/v1/projects/{project}/people", { params: { path: { project }, query: { cursor, limit: 100 } } }))),
  });
  return q.data ?? nobody;
}

const nobody: People = new Map();

async function everybody(read: (cursor: string | undefined) => Promise<{ data: Known[] | null; next_cursor?: string | null }>): Promise<People> {
  const out: People = new Map();
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    for (const m of page.data ?? []) out.set(m.user_id, m);
    cursor = page.next_cursor || undefined;
  } while (cursor);
  return out;
}

/** A person by name, or by id when they are no member any more. */
export function Person({ id, people }: { id: string | undefined; people: People }): ReactNode {
  if (!id) return <span>Turnkey</span>;
  const m = people.get(id);
  if (!m) return <code><Plain>{id}</Plain></code>;
  return <span title={m.email}><Plain>{m.name || m.email || id}</Plain></span>;
}
