import { body, client, tagged } from "../../../api/client";
import type { ExportValues } from "./ExportForm";
import type { Export } from "./words";

/** Makes an export, or changes one that is still as it was read. */
export async function put(org: string, old: Export | undefined, v: ExportValues): Promise<Export> {
  if (!old) return body(client.POST("/api/v1/orgs/{org}/telemetry-exports", { params: { path: { org } }, body: v }));
  return edit(org, old.id, v);
}

/** Changes an export that is still as it was read. */
export async function edit(org: string, id: string, changes: Partial<ExportValues & { paused: boolean }>): Promise<Export> {
  const path = { org, export: id };
  const now = tagged(await client.GET("/api/v1/orgs/{org}/telemetry-exports/{export}", { params: { path } }));
  return body(client.PATCH("/api/v1/orgs/{org}/telemetry-exports/{export}", { params: { path, header: { "If-Match": now.tag } }, body: changes }));
}
