import { useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { asProblem } from "../api/problem";
import { to } from "../paths";

/** A link of the navigation. */
export interface Entry {
  label: string;
  href: string;
  /** Addresses of pages without an entry of their own that belong under this one. */
  also?: string[];
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
        { label: "Members", href: to.members(org) },
        { label: "API tokens", href: to.tokens(org) },
        { label: "Audit log", href: to.audit(org) },
        { label: "Alerts", href: to.alerts(org) },
        { label: "Telemetry export", href: to.exports(org) },
        { label: "Organization settings", href: to.organizationSettings(org) },
      ],
    },
  ];
}

/** For pages that belong to nothing but oneself. */
export function ownSections(organizations: { id: string; name: string }[]): Section[] {
  return [
    { title: "You", entries: [{ label: "Your account", href: to.account() }] },
    { title: "Organizations", entries: [...organizations.map((o) => ({ label: o.name, href: to.organization(o.id) })), { label: "New organization", href: to.newOrganization() }] },
  ];
}

export function instanceSections(id: string): Section[] {
  return [
    {
      title: "Instance",
      entries: [
        { label: "Overview", href: to.instance(id) },
        { label: "Connect", href: to.connect(id) },
        { label: "Go live", href: to.goLive(id) },
      ],
    },
    {
      title: "Build",
      entries: [
        { label: "Configuration", href: to.configuration(id) },
        { label: "Hooks", href: to.hooks(id) },
        { label: "Deployments", href: to.deployments(id) },
        { label: "Playground", href: to.playground(id) },
      ],
    },
    {
      title: "Inboxes",
      entries: [
        { label: "Conflicts", href: to.conflicts(id) },
        { label: "Rejections", href: to.rejections(id) },
        { label: "Deliveries", href: to.deliveries(id) },
      ],
    },
    {
      title: "Observe",
      entries: [
        { label: "Logs", href: to.logs(id), also: [to.traces(id)] },
        { label: "Metrics", href: to.metrics(id) },
        { label: "Clients", href: to.clients(id) },
      ],
    },
    {
      title: "Manage",
      entries: [
        { label: "Auth and keys", href: to.keys(id) },
        { label: "Token doctor", href: to.tokenDoctor(id) },
        { label: "Secrets", href: to.secrets(id) },
        { label: "Promote", href: to.promote(id) },
        { label: "Instance settings", href: to.instanceSettings(id) },
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
  // Pages of what is not there are not offered.
  const absent = instance.error && asProblem(instance.error).status === 404;
  return { org: params.org ?? project.data?.organization_id, project: projectID, instance: absent ? undefined : params.instance };
}
