import { NavLink, Stack, Text } from "@mantine/core";
import { Link as RouterLink, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { address } from "./Link";
import { instanceSections, organizationSections, useWhere } from "./nav";

/** The pages of where one is: those of the instance, else those of the organization. */
export function Navigation(): ReactNode {
  const { org, instance } = useWhere();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const sections = [...(instance ? instanceSections(instance) : []), ...(org ? organizationSections(org) : [])];
  const all = sections.flatMap((s) => s.entries.map((e) => e.href));
  return (
    <Stack gap="md">
      {sections.map((section) => (
        <div key={section.title} role="group" aria-label={section.title}>
          <Text size="xs" fw={600} c="dimmed" px="xs" pb={4}>{section.title}</Text>
          {section.entries.map((entry) => {
            const active = current(path, entry.href, all);
            return (
              <NavLink key={entry.href} label={entry.label} active={active} aria-current={active ? "page" : undefined} py={6}
                renderRoot={(props) => <RouterLink {...props} {...address(entry.href)} activeOptions={{ exact: true }} />} />
            );
          })}
        </div>
      ))}
    </Stack>
  );
}

/** The entry whose address is the longest beginning of where one is. */
function current(path: string, href: string, all: string[]): boolean {
  const under = (h: string): boolean => path === h || path.startsWith(h + "/");
  return under(href) && !all.some((other) => other.length > href.length && under(other));
}
