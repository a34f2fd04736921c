import { useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { body, client, tagged } from "../../../api/client";
import type { Problem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";

type Edit = components["schemas"]["UpdateInstanceInputBody"];

/**
 * Changes an instance. It is read right before, for its version: what these edits set does not depend on what it was.
 */
export function useEdit(instance: string, done: string, quiet = false): UseMutationResult<unknown, unknown, Edit> & { problem: Problem | undefined } {
  const queries = useQueryClient();
  const params = { path: { instance } };
  return useAct(async (edit: Edit) => {
    const { tag } = tagged(await client.GET("/api/v1/instances/{instance}", { params }));
    return body(client.PATCH("/api/v1/instances/{instance}", { params: { ...params, header: { "If-Match": tag } }, body: edit }));
  }, { done, quiet, refresh: [["get", "/api/v1/instances/{instance}"], ["instances"]], then: () => { void queries.invalidateQueries({ queryKey: ["get", "/api/v1/projects/{project}/instances"] }); } });
}
