import { Anchor, Badge, Group, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Listing } from "../../shell/Listing";
import { Person, useColleagues } from "../../shell/people";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Empty } from "../../ui/Empty";
import { IconPlus } from "../../ui/icons";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { plain } from "../../ui/plain";
import { Time } from "../../ui/Time";
import { references } from "./secrets/references";
import { SetSecret } from "./secrets/SetSecret";

/** A secret that is set, or that the configuration waits for. */
interface Row {
  name: string;
  set?: { digest: string; updated_at: string; updated_by: string };
  paths: string[];
}

/** An instance's secrets: set and replaced, never read. */
export default function SecretsPage(): ReactNode {
  const here = useHere();
  const id = here.instance.id;
  const path = { instance: id };
  const people = useColleagues(here.project.id);
  const may = here.may("secret:write");
  const [asked, ask] = useState<{ name: string; replaces: boolean }>();
  const list = usePages(["secrets", id], () => body(client.GET("/api/v1/instances/{instance}/secrets", { params: { path } })));
  const draft = api.useQuery("get", "/api/v1/instances/{instance}/config", { params: { path } });
  const deployed = useQuery({
    queryKey: ["deployed", id, here.instance.deployment], enabled: here.instance.deployment > 0,
    queryFn: () => body(client.GET("/api/v1/instances/{instance}/deployments/{number}", { params: { path: { instance: id, number: String(here.instance.deployment) } } })),
  });
  const named = useMemo(() => references(draft.data?.config ?? ""), [draft.data]);
  const served = useMemo(() => references(deployed.data?.config ?? ""), [deployed.data]);
  const remove = useAct((name: string) => body(client.DELETE("/api/v1/instances/{instance}/secrets/{name}", { params: { path: { ...path, name } } })), {
    done: (_, name) => `The secret ${name} is removed.`, refresh: [["secrets", id], ["get", "/api/v1/instances/{instance}"], ["get", "/api/v1/instances/{instance}/config"], ["configuration", id]],
  });
  const rows: Row[] = list.rows.map((s) => ({ name: s.name, set: s, paths: named.get(s.name) ?? [] }));
  for (const [name, paths] of named) if (!list.waiting && !list.rows.some((s) => s.name === name)) rows.unshift({ name, paths });
  const make = <Action may={may} leftSection={<IconPlus />} onClick={() => { ask({ name: "", replaces: false }); }}>New secret</Action>;
  return (
    <Page title="Secrets" lead="Values that the configuration names and never holds: connection strings, keys. They can be set and replaced; nobody can read them." actions={rows.length > 0 ? make : undefined}>
      <Listing list={{ ...list, rows }} label="Secrets" head={["Name", "Value", "Set", "Named by the draft", ""]}
        empty={<Empty title="No secret yet" action={make}>The first is usually SOURCE_URI, the connection string of the database.</Empty>}
        row={(s) => (
          <Table.Tr key={s.name}>
            <Table.Td><code><Plain>{s.name}</Plain></code></Table.Td>
            <Table.Td>{s.set ? <Text size="sm" title="The first digits of its SHA-256, to compare by">SHA-256 <code>{s.set.digest}…</code></Text> : <Badge color="red" variant="light" tt="none">missing</Badge>}</Table.Td>
            <Table.Td>{s.set ? <Text size="sm"><Time at={s.set.updated_at} /> by <Person id={s.set.updated_by} people={people} /></Text> : "never"}</Table.Td>
            <Table.Td>
              {s.paths.length === 0 && !draft.isPending && <Text size="sm" c="dimmed">not named{served.has(s.name) ? ", but what is deployed uses it" : ""}</Text>}
              <Stack gap={2}>{s.paths.map((p) => <Link key={p} href={to.configuration(id, p)} size="sm"><code><Plain>{p}</Plain></code></Link>)}</Stack>
            </Table.Td>
            <Table.Td>
              <Group gap="xs" wrap="nowrap">
                <Action size="compact-sm" variant="default" may={may} onClick={() => { ask({ name: s.name, replaces: !!s.set }); }} aria-label={`${s.set ? "Replace" : "Set"} ${plain(s.name)}`}>{s.set ? "Replace" : "Set"}</Action>
                {s.set && <Action size="compact-sm" variant="default" may={may} aria-label={`Remove ${plain(s.name)}`} onClick={() => {
                  const used = served.has(s.name) ? "What is deployed uses it: from the next revision on, what needs it fails." : s.paths.length > 0 ? "The draft names it: without it, the draft cannot be deployed." : "Nothing names it.";
                  confirm({ title: `Remove the secret ${plain(s.name)}?`, body: `${used} The value is gone for good.`, action: "Remove", typed: s.name, onConfirm: () => { remove.mutate(s.name); } });
                }}>Remove</Action>}
              </Group>
            </Table.Td>
          </Table.Tr>
        )} />
      <Text size="sm" c="dimmed">A new value reaches the runtimes within seconds, without a deployment; going back to an earlier deployment never brings an old value back. <Anchor href={to.docs()} size="sm">API documentation</Anchor></Text>
      <SetSecret instance={id} asked={asked} taken={list.rows.map((s) => s.name)} onClose={() => { ask(undefined); }} />
    </Page>
  );
}
