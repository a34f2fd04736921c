import { useQuery } from "@tanstack/react-query";
import { body, client } from "../../../api/client";

/** Every instance of an organization, for choosing among them. */
export function useInstances(org: string): { value: string; label: string }[] {
  const q = useQuery({ queryKey: ["instances-of", org], staleTime: 60_000, queryFn: () => all(org) });
  return q.data ?? none;
}

const none: { value: string; label: string }[] = [];

async function all(org: string): Promise<{ value: string; label: string }[]> {
  const out: { value: string; label: string }[] = [];
  const projects = await body(client.GET("/api/v1/orgs/{org}/projects", { params: { path: { org }, query: { limit: 100 } } }));
  for (const p of projects.data) {
    const list = await body(client.GET("/api/v1/projects/{project}/instances", { params: { path: { project: p.id }, query: { limit: 100 } } }));
    for (const i of list.data) out.push({ value: i.id, label: `${p.name} / ${i.name}` });
  }
  return out;
}
