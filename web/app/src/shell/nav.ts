import { useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { to } from "../paths";

/** A link of the navigation. */
export interface Entry {
  label: string;
  href: string;
}

/** Entries under a heading. */
export interface Section {
  title: string;
  entries: Entry[];
}

export function organizationSections(org: string): Section[] {
  return [
    {
      title: "Organization",
      entries: [
        { label: "Projects", href: to.organization(org) },
      ],
    },
  ];
}

export function instanceSections(id: string): Section[] {
  return [
    {
      title: "Instance",
      entries: [
        { label: "Overview", href: to.instance(id) },
      ],
    },
  ];
}

/** Where one is: the organization, project and instance of the address, as far as there are any. */
export function useWhere(): { org?: string; project?: string; instance?: string } {
  const params = useParams({ strict: false }) as { org?: string; project?: string; instance?: string };
  const instance = api.useQuery("get", "/api/v1/instances/{instance}", { params: { path: { instance: params.instance ?? "" } } }, { enabled: !!params.instance });
  const projectID = params.project ?? instance.data?.project_id;
  const project = api.useQuery("get", "/api/v1/projects/{project}", { params: { path: { project: projectID ?? "" } } }, { enabled: !!projectID });
  return { org: params.org ?? project.data?.organization_id, project: projectID, instance: params.instance };
}
