import { Badge, Stack, Table, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Listing } from "../../shell/Listing";
import { useMay } from "../../shell/me";
import { Person, usePeople } from "../../shell/people";
import { Restricted } from "../../shell/Restricted";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Empty } from "../../ui/Empty";
import { IconPlus } from "../../ui/icons";
import { Once } from "../../ui/Once";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { plain } from "../../ui/plain";
import { Time } from "../../ui/Time";
import { roleNames, useProjects, Where } from "./members/Access";
import { NewToken } from "./tokens/NewToken";

/** API tokens: scripts' way in. */
export default function TokensPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const may = useMay(org);
  const read = may("token:read");
  const write = may("token:write");
  const people = usePeople(org);
  const names = useProjects(org);
  const [asking, ask] = useState(false);
  const [made, setMade] = useState<string>();
  const [now] = useState(() => Date.now());
  const list = usePages(["tokens", org], (cursor) => body(client.GET("/api/v1/orgs/{org}/tokens", { params: { path: { org }, query: { cursor } } })), { enabled: read === true });
  const revoke = useAct((token: string) => body(client.DELETE("/api/v1/orgs/{org}/tokens/{token}", { params: { path: { org, token } } })), { done: "The token is revoked.", refresh: [["tokens", org]] });
  const make = <Action may={write} leftSection={<IconPlus />} onClick={() => { ask(true); }}>New API token</Action>;
  return (
    <Page title="API tokens" lead={<>For scripts and pipelines. Everything here is also a REST call; see the <a href={to.docs()}>API documentation</a>.</>} actions={make}>
      <Restricted org={org} permission="token:read" what="The tokens are">
        <Listing list={list} label="API tokens" head={["Name", "May", "Where", "Last used", "Ends", ""]}
          empty={<Empty title="No API token">Make one for each script, with no more permissions than it needs.</Empty>}
          row={(t) => (
            <Table.Tr key={t.id}>
              <Table.Td><Text size="sm" fw={600}><Plain>{t.name}</Plain></Text><Text size="sm" c="dimmed">by <Person id={t.user_id} people={people} />, <Time at={t.created_at} /></Text></Table.Td>
              <Table.Td><Stack gap={2}>{roleNames[t.role]}{t.permissions && <Text size="xs" c="dimmed">only {t.permissions.join(", ")}</Text>}</Stack></Table.Td>
              <Table.Td><Where projects={t.projects} names={names} /></Table.Td>
              <Table.Td><Time at={t.last_used_at ?? undefined} /></Table.Td>
              <Table.Td>{new Date(t.expires_at).getTime() < now ? <Badge color="red" variant="light" tt="none">ended</Badge> : <time dateTime={t.expires_at} title={new Date(t.expires_at).toLocaleString()}>{new Date(t.expires_at).toLocaleDateString()}</time>}</Table.Td>
              <Table.Td><Action size="compact-sm" variant="default" may={write} aria-label={`Revoke ${plain(t.name)}`} onClick={() => {
                confirm({ title: `Revoke ${plain(t.name)}?`, body: "The next request that shows it is refused. This cannot be undone.", action: "Revoke", onConfirm: () => { revoke.mutate(t.id); } });
              }}>Revoke</Action></Table.Td>
            </Table.Tr>
          )} />
      </Restricted>
      <NewToken org={org} opened={asking} onClose={() => { ask(false); }} onMade={(t) => { ask(false); setMade(t); }} />
      <Once title="The API token" value={made} label="API token" onClose={() => { setMade(undefined); }}>Scripts send it as <code>Authorization: Bearer …</code>.</Once>
    </Page>
  );
}
