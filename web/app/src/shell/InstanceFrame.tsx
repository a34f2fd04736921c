import { Outlet, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "../api/client";
import { asProblem } from "../api/problem";
import { Waiting } from "../ui/Rows";
import { Absent } from "./Absent";
import { HereContext } from "./instance";
import { useMay } from "./me";

/** Reads the instance that the pages below are about. */
export function InstanceFrame(): ReactNode {
  const { instance: id = "" } = useParams({ strict: false }) as { instance?: string };
  const instance = api.useQuery("get", "/api/v1/instances/{instance}", { params: { path: { instance: id } } }, { refetchInterval: 10_000 });
  const project = api.useQuery("get", "/api/v1/projects/{project}", { params: { path: { project: instance.data?.project_id ?? "" } } }, { enabled: !!instance.data });
  const may = useMay(project.data?.organization_id, instance.data?.project_id);
  const error = instance.error ?? project.error;
  if (error && !(instance.data && project.data)) return <Absent title="Instance" problem={asProblem(error)} retry={() => { void instance.refetch(); void project.refetch(); }} />;
  if (!instance.data || !project.data) return <Waiting lines={6} />;
  return (
    <HereContext value={{ instance: instance.data, project: project.data, may }}>
      <Outlet />
    </HereContext>
  );
}
