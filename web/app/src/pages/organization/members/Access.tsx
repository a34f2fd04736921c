import { Checkbox, NativeSelect, Radio, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import type { components } from "../../../api/schema";
import { Plain } from "../../../ui/Plain";

export type Role = components["schemas"]["Member"]["role"];

/** What somebody, or a token, may reach. projects undefined: the whole organization. */
export interface Access {
  role: Role;
  projects: string[] | undefined;
}

const ladder: Role[] = ["viewer", "developer", "admin", "owner"];

export const roleWords: Record<Role, string> = {
  viewer: "Viewer: sees everything, changes nothing",
  developer: "Developer: builds and deploys",
  admin: "Admin: also members, keys and deletions",
  owner: "Owner: everything, the organization's end included",
};

export const roleNames: Record<Role, string> = { viewer: "Viewer", developer: "Developer", admin: "Admin", owner: "Owner" };

/** The roles that somebody can give: at most their own. */
export function rolesUpTo(own: Role | undefined): Role[] {
  return ladder.slice(0, ladder.indexOf(own ?? "viewer") + 1);
}

/** Whether an access says something that the server takes: chosen projects are at least one. */
export function complete(a: Access): boolean {
  return a.projects === undefined || a.projects.length > 0;
}

/** The projects of an organization, all pages of them. */
export function useProjects(org: string): { id: string; name: string }[] | undefined {
  return useQuery({
    queryKey: ["projects", org, "all"], staleTime: 30_000,
    queryFn: async () => {
      const out: { id: string; name: string }[] = [];
      let cursor: string | undefined;
      do {
        const page = await body(client.GET("/api/v1/orgs/{org}/projects", { params: { path: { org }, query: { cursor, limit: 100 } } }));
        out.push(...(page.data ?? []));
        cursor = page.next_cursor || undefined;
      } while (cursor);
      return out;
    },
  }).data;
}

interface Props {
  org: string;
  own: Role | undefined;
  value: Access;
  onChange: (a: Access) => void;
}

/** Asks for a role, and whether it is for the organization or chosen projects. */
export function AccessInput({ org, own, value, onChange }: Props): ReactNode {
  const projects = useProjects(org);
  const chosen = value.projects;
  return (
    <Stack gap="sm">
      <NativeSelect label="Role" data={rolesUpTo(own).map((r) => ({ value: r, label: roleWords[r] }))} value={value.role} onChange={(e) => { onChange({ ...value, role: e.currentTarget.value as Role }); }} />
      <Radio.Group label="Where" value={chosen === undefined ? "all" : "some"} onChange={(v) => { onChange({ ...value, projects: v === "all" ? undefined : [] }); }}>
        <Stack gap={6} mt={4}><Radio value="all" label="The whole organization" /><Radio value="some" label="Chosen projects only" /></Stack>
      </Radio.Group>
      {chosen !== undefined && (
        <Checkbox.Group label="Projects" value={chosen} onChange={(v) => { onChange({ ...value, projects: v }); }} error={chosen.length === 0 ? "Choose at least one." : undefined}>
          <Stack gap={6} mt={4}>
            {projects?.length === 0 && <Text size="sm" c="dimmed">There is no project yet.</Text>}
            {projects?.map((p) => <Checkbox key={p.id} value={p.id} label={<Plain>{p.name}</Plain>} />)}
          </Stack>
        </Checkbox.Group>
      )}
    </Stack>
  );
}

/** Where somebody's role is for, in a list. */
export function Where({ projects, names }: { projects: string[] | null | undefined; names: { id: string; name: string }[] | undefined }): ReactNode {
  if (!projects) return <>The whole organization</>;
  return <>{projects.map((id, n) => <span key={id}>{n > 0 && ", "}<Plain>{names?.find((p) => p.id === id)?.name ?? id}</Plain></span>)}</>;
}
