import "@mantine/spotlight/styles.css";
import { Button, Kbd } from "@mantine/core";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "../api/client";
import { to } from "../paths";
import { IconSearch } from "../ui/icons";
import { plain } from "../ui/plain";
import { instanceSections, organizationSections, useWhere } from "./nav";

/** Every page of where one is, and every project and instance, by typing (Ctrl+K or ⌘K). */
export function Palette(): ReactNode {
  const { org, project, instance } = useWhere();
  const navigate = useNavigate();
  const projects = api.useQuery("get", "/api/v1/orgs/{org}/projects", { params: { path: { org: org ?? "" } } }, { enabled: !!org, staleTime: 60_000 });
  const instances = api.useQuery("get", "/api/v1/projects/{project}/instances", { params: { path: { project: project ?? "" } } }, { enabled: !!project, staleTime: 60_000 });
  const go = (id: string, label: string, href: string, description: string) => ({ id, label: plain(label), description, onClick: () => { void navigate({ href }); } });
  const actions = [
    ...(instance ? instanceSections(instance) : []).flatMap((s) => s.entries.map((e) => go(e.href, e.label, e.href, s.title))),
    ...(org ? organizationSections(org) : []).flatMap((s) => s.entries.map((e) => go(e.href, e.label, e.href, s.title))),
    ...(instances.data?.data ?? []).map((i) => go(i.id, i.name, to.instance(i.id), `Instance, ${i.kind}`)),
    ...(projects.data?.data ?? []).map((p) => go(p.id, p.name, to.project(p.id), "Project")),
    { id: "guides", label: "Guides", description: "Quickstart, from Atlas Device Sync or CloudCode, conflicts, rejected writes, going live", onClick: () => { window.location.assign(to.guides()); } },
    { id: "docs", label: "API documentation", description: "Everything here is also a REST call", onClick: () => { window.location.assign(to.docs()); } },
  ];
  return <Spotlight attributes={{ content: { "aria-label": "Go to a page" } }} actions={actions} shortcut={["mod + K"]} nothingFound="Nothing of that name" searchProps={{ placeholder: "Go to …", "aria-label": "Go to a page, project or instance", leftSection: <IconSearch /> }} />;
}

export function PaletteButton(): ReactNode {
  return (
    <Button variant="default" size="compact-md" fz="sm" onClick={() => { spotlight.open(); }} aria-label="Ctrl K: go to a page">
      <IconSearch /><Kbd size="xs" ml={8} visibleFrom="sm">Ctrl K</Kbd>
    </Button>
  );
}
