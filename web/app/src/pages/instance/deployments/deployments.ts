import { api, body, client } from "../../../api/client";
import { usePages, type List } from "../../../api/pages";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";

export type Deployment = components["schemas"]["Deployment"];
export type Whole = components["schemas"]["GetDeploymentOutputBody"];
export type Deployed = components["schemas"]["DeploymentOutputBody"];

const key = "deployments";

/** What has to be read again when another deployment is active. */
export const afterDeploying = [[key], ["get", "/api/v1/instances/{instance}"], ["get", "/api/v1/instances/{instance}/draft"], ["get", "/api/v1/instances/{instance}/deployments/{number}"]];

export function useDeployments(instance: string): List<Deployment> {
  return usePages([key, instance], (cursor) => body(client.GET("/api/v1/instances/{instance}/deployments", { params: { path: { instance }, query: { cursor, limit: 25 } } })), { refetchInterval: 15_000 });
}

/** One with its files; 0 reads none. */
export function useDeployment(instance: string, number: number) {
  return api.useQuery("get", "/api/v1/instances/{instance}/deployments/{number}", { params: { path: { instance, number: String(number) } } }, { enabled: number > 0 });
}

/** Makes an earlier deployment the active one. */
export function useActivate(instance: string) {
  return useAct((number: number) => body(client.POST("/api/v1/instances/{instance}/deployments/{number}/activate", { params: { path: { instance, number: String(number) } } })),
    { done: (d) => (d.pending ? `Deployment ${d.number} is active; no runtime serves it yet` : `Deployment ${d.number} is served again`), refresh: afterDeploying });
}

/** Puts a deployment's files, and its configuration, back into the draft. */
export function useRestore(instance: string) {
  return useAct((what: { number: number; files: boolean; config: boolean }) => body(client.POST("/api/v1/instances/{instance}/deployments/{number}/restore", {
    params: { path: { instance, number: String(what.number) } }, body: { files: what.files, config: what.config },
  })), { done: "The draft is as it was deployed then", refresh: [["get", "/api/v1/instances/{instance}/draft"], ["get", "/api/v1/instances/{instance}/config"], ["get", "/api/v1/instances/{instance}/hooks/types.d.ts"], ["get", "/api/v1/instances/{instance}/tables"]] });
}

/** Applies, in order, what a deployment refused. */
export function useReplayRejections(instance: string) {
  return useAct((number: number) => body(client.POST("/api/v1/instances/{instance}/deployments/{number}/replay-rejections", { params: { path: { instance, number: String(number) } } })), {
    refresh: [["rejections"], ["get", "/api/v1/instances/{instance}/rejections"]], quiet: true,
  });
}
