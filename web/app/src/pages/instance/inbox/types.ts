import { useQuery } from "@tanstack/react-query";
import { body, client } from "../../../api/client";

/** The types that a deployment declares for a table's columns, by name; empty where nothing is known. */
export function useColumnTypes(instance: string, deployment: number, table: string): Record<string, string> {
  const { data } = useQuery({
    queryKey: ["column types", instance, deployment],
    enabled: deployment > 0,
    staleTime: Infinity, // a deployment never changes
    queryFn: async () => {
      const [{ parse }, d] = await Promise.all([import("yaml"), body(client.GET("/api/v1/instances/{instance}/deployments/{number}", { params: { path: { instance, number: String(deployment) } } }))]);
      return typesIn(parse(d.config ?? "", { maxAliasCount: 100 }) as unknown);
    },
  });
  return data?.[table] ?? {};
}

/** Reads types by table and column out of a configuration; what is not there, or odd, is left out. */
export function typesIn(config: unknown): Record<string, Record<string, string>> {
  const out: Record<string, Record<string, string>> = {};
  for (const [table, t] of entries(member(config, "tables"))) {
    const types: [string, string][] = entries(member(t, "fields")).flatMap(([column, f]) => {
      const type = typeof f === "string" ? f : member(f, "type");
      return typeof type === "string" ? [[column, type] as [string, string]] : [];
    });
    out[table] = Object.fromEntries(types);
  }
  return out;
}

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

function entries(of: unknown): [string, unknown][] {
  return typeof of === "object" && of !== null ? Object.entries(of) : [];
}
