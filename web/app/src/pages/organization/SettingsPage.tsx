import { Group, NumberInput, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { body, client, tagged, type Tagged } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useMay } from "../../shell/me";
import { Action } from "../../ui/Action";
import { locking } from "../../ui/allowed";
import { Value } from "../../ui/Code";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { plain } from "../../ui/plain";
import { Waiting } from "../../ui/Rows";

type Organization = components["schemas"]["Organization"];

/** An organization's name, how long its logs are kept, and its end. */
export default function SettingsPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const now = useQuery({
    queryKey: ["organization-settings", org], staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false,
    queryFn: async () => tagged(await client.GET("/api/v1/orgs/{org}", { params: { path: { org } } })) as Tagged<Organization>,
  });
  const again = (): void => { void now.refetch(); };
  return (
    <Page title="Organization settings">
      {now.error ? <Failure trouble={asProblem(now.error)} retry={again} /> : !now.data ? <Waiting lines={3} /> : (
        <>
          <General key={org} org={org} seen={now.data} again={again} />
          <Danger organization={now.data.value} />
        </>
      )}
    </Page>
  );
}

function General({ org, seen, again }: { org: string; seen: Tagged<Organization>; again: () => void }): ReactNode {
  const [edit, setEdit] = useState<{ name?: string; days?: number | string }>({});
  const name = edit.name ?? seen.value.name;
  const days = edit.days ?? seen.value.log_days;
  const may = useMay(org)("organization:write");
  const save = useAct(() => body(client.PATCH("/api/v1/orgs/{org}", { params: { path: { org }, header: { "If-Match": seen.tag } }, body: { name, ...(typeof days === "number" ? { log_days: days } : {}) } })), {
    quiet: true, done: "Saved.", refresh: [["organization-settings", org], ["get", "/api/v1/orgs/{org}"], ["get", "/api/v1/orgs"]], then: () => { setEdit({}); },
  });
  const locked = locking(may);
  const changed = Object.keys(edit).length === 0 ? "There is nothing to save." : days === "" ? "Say how many days." : true;
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="general">
      <form onSubmit={(e) => { e.preventDefault(); if (may === true && changed === true) save.mutate(undefined); }}>
        <Stack gap="sm" maw={480}>
          <Title order={2} size="h4" id="general">General</Title>
          <TextInput label="Name" required maxLength={100} value={name} {...locked} onChange={(e) => { const v = e.currentTarget.value; setEdit((x) => ({ ...x, name: v })); }} />
          <NumberInput label="Days that instances keep their log" description="From 1 to 90; an instance may say otherwise" min={1} max={90} allowDecimal={false} value={days} {...locked} onChange={(v) => { setEdit((x) => ({ ...x, days: v })); }} />
          <Group gap="xs"><Text size="sm">Id:</Text><Value value={org} label="The organization's id" /></Group>
          {save.problem && <Failure title="It was not saved" trouble={save.problem} retry={save.problem.status === 412 ? () => { save.reset(); again(); } : undefined} />}
          <Group><Action type="submit" may={may === true ? changed : may} loading={save.isPending}>Save</Action></Group>
        </Stack>
      </form>
    </Paper>
  );
}

function Danger({ organization: o }: { organization: Organization }): ReactNode {
  const may = useMay(o.id)("organization:delete");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useAct(() => body(client.DELETE("/api/v1/orgs/{org}", { params: { path: { org: o.id } } })), {
    done: "The organization is deleted.", then: () => { void navigate({ href: to.home() }).then(() => queries.invalidateQueries()); },
  });
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="delete">
      <Stack gap="sm">
        <div><Title order={2} size="h4" id="delete">Delete</Title><Text size="sm" c="dimmed">The organization with its projects, members and API tokens. This cannot be undone.</Text></div>
        <Group>
          <Action color="red" may={may} loading={remove.isPending} onClick={() => {
            confirm({ title: `Delete ${plain(o.name)}?`, typed: o.name, action: "Delete the organization", body: "Everybody in it loses access at once. Databases of customers are not touched.", onConfirm: () => { remove.mutate(undefined); } });
          }}>Delete the organization</Action>
        </Group>
      </Stack>
    </Paper>
  );
}
