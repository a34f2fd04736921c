import { api } from "../../../api/client";

/** How many wait, by state and as `waiting` in all, as text: "12", or "100+". */
export interface Waiting {
  conflicts: Record<string, string>;
  rejections: Record<string, string>;
  deliveries: Record<string, string>;
}

/** Counts what waits in the inboxes of an instance; undefined while it is not known. */
export function useWaiting(instance: string): Waiting | undefined {
  const { data } = api.useQuery("get", "/api/v1/instances/{instance}/inboxes", { params: { path: { instance } } }, { refetchInterval: 10_000 });
  if (!data) return undefined;
  return { conflicts: told(data.conflicts, data.most), rejections: told(data.rejections, data.most), deliveries: told(data.deliveries, data.most) };
}

/** Counts as text. At the bound of what is counted there may be more, and so in a sum with it. */
export function told(counts: Record<string, number>, most: number): Record<string, string> {
  const all = Object.values(counts);
  const text = (n: number, more: boolean): string => (more ? `${n}+` : String(n));
  const out = Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0).map(([state, n]) => [state, text(n, n >= most)]));
  const sum = all.reduce((a, b) => a + b, 0);
  return sum > 0 ? { ...out, waiting: text(sum, all.some((n) => n >= most)) } : out;
}
