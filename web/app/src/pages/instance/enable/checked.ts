import { useQuery } from "@tanstack/react-query";
import { body, client } from "../../../api/client";

/** What the server thinks of a document that is not saved. */
export function useChecked(instance: string, config: string, enabled: boolean) {
  return useQuery({
    queryKey: ["validate", instance, config],
    queryFn: () => body(client.POST("/api/v1/instances/{instance}/config/validate", { params: { path: { instance } }, body: { config } })),
    enabled,
  });
}
