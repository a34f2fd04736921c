import { api } from "../../../api/client";

/** How many wait, by state, as text: "12", or "100+". */
export interface Waiting {
  conflicts: Record<string, string>;
  rejections: Record<string, string>;
  deliveries: Record<string, string>;
}

/** Counts what waits in the inboxes of an instance; undefined while it is not known. */
export function useWaiting(instance: string): Waiting | undefined {
  const { data } = api.useQuery("get", "/api/v1/instances/{instance}/inboxes", { params: { path: { instance } } }, { refetchInterval: 10_000 });
  if (!data) return undefined;
  const told = (counts: Record<string, number>): Record<string, string> => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0).map(([state, n]) => [state, n >= data.most ? `${data.most}+` : String(n)]));
  return { conflicts: told(data.conflicts), rejections: told(data.rejections), deliveries: told(data.deliveries) };
}
