import { NavLink, Stack, Text } from "@mantine/core";
import { Link as RouterLink, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { api } from "../api/client";
import { plain } from "../ui/plain";
import { address } from "./Link";
import { instanceSections, organizationSections, ownSections, useWhere, type Entry } from "./nav";

/** The pages of where one is: those of the instance, else those of the organization. */
export function Navigation(): ReactNode {
  const { org, instance } = useWhere();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const here = [...(instance ? instanceSections(instance) : []), ...(org ? organizationSections(org) : [])];
  const own = useOrganizations(here.length === 0);
  const sections = here.length > 0 ? here : ownSections(own);
  const active = activeOf(path, sections.flatMap((s) => s.entries));
  const list = useRef<HTMLDivElement>(null);
  // Where one is may lie below what fits: a list of links that does not show it tells nothing.
  useEffect(() => { list.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" }); }, [path, sections.length]);
  return (
    <Stack gap="md" ref={list}>
      {sections.map((section) => (
        <div key={section.title} role="group" aria-label={section.title}>
          <Text size="xs" fw={600} c="dimmed" px="xs" pb={4}>{section.title}</Text>
          {section.entries.map((entry) => (
            <NavLink key={entry.href} label={plain(entry.label)} title={entry.label.length > 22 ? plain(entry.label) : undefined} active={entry === active} aria-current={entry === active ? "page" : undefined} py={6}
              renderRoot={(props) => <RouterLink {...props} {...address(entry.href)} activeOptions={{ exact: true, includeSearch: false }} />} />
          ))}
        </div>
      ))}
    </Stack>
  );
}

/** One's organizations, for pages that belong to none. */
function useOrganizations(needed: boolean): { id: string; name: string }[] {
  return api.useQuery("get", "/api/v1/orgs", {}, { enabled: needed, staleTime: 60_000 }).data?.data ?? [];
}

/** The entry whose address is the longest beginning of where one is. */
function activeOf(path: string, entries: Entry[]): Entry | undefined {
  const reach = (e: Entry): number => Math.max(0, ...[e.href, ...(e.also ?? [])].filter((h) => path === h || path.startsWith(h + "/")).map((h) => h.length));
  const most = Math.max(0, ...entries.map(reach));
  return most === 0 ? undefined : entries.find((e) => reach(e) === most);
}
