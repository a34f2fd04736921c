import { Alert, List, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { LinkButton } from "../../shell/Link";
import { Code, Value } from "../../ui/Code";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Checklist } from "./connect/Checklist";
import { ClientAuth } from "./connect/ClientAuth";
import { Sdks } from "./connect/Sdks";

/** Everything that an app and PowerSync need of the instance, and how far they have come. */
export default function ConnectPage(): ReactNode {
  const { instance } = useHere();
  const read = api.useQuery("get", "/api/v1/instances/{instance}/connect", { params: { path: { instance: instance.id } } });
  const problem = read.error ? asProblem(read.error) : undefined;
  const lead = "The instance's URLs, what PowerSync is told, and code to paste for each SDK.";
  if (problem?.code === "nothing_configured") {
    return (
      <Page title="Connect your app" lead={lead}>
        <Empty title="Nothing is configured yet" action={<LinkButton href={to.enable(instance.id)}>Enable the backend</LinkButton>}>The guide asks for a database, tables, rules and a sign-in, and ends here.</Empty>
      </Page>
    );
  }
  if (problem) return <Page title="Connect your app" lead={lead}><Failure trouble={problem} retry={() => { void read.refetch(); }} /></Page>;
  if (!read.data) return <Page title="Connect your app" lead={lead}><Waiting lines={8} /></Page>;
  const c = read.data;
  return (
    <Page title="Connect your app" lead={lead}>
      {c.deployment === 0 && <Alert color="yellow" variant="light" title="Made of the draft">Nothing is deployed yet: the addresses answer once it is.</Alert>}
      <Checklist instance={instance.id} />
      <Stack component="section" gap="xs" aria-labelledby="urls">
        <Title order={2} size="h3" id="urls">Addresses</Title>
        <List listStyleType="none" withPadding={false} spacing={4}>
          <List.Item>Base URL, for the connector: <Value label="base URL" value={c.url} /></List.Item>
          <List.Item>Uploads: <Value label="upload URL" value={c.urls.upload} /></List.Item>
          <List.Item>Tokens: <Value label="token URL" value={c.urls.token} /></List.Item>
          <List.Item>Public keys: <Value label="JWKS URL" value={c.urls.jwks} /></List.Item>
        </List>
      </Stack>
      <ClientAuth auth={c.client_auth} />
      <Stack component="section" gap="xs" aria-labelledby="streams">
        <Title order={2} size="h3" id="streams">Sync streams</Title>
        <Text size="sm" c="dimmed" maw="46rem">For PowerSync&apos;s sync configuration: one stream for each table, and two that tell users what became of their writes.</Text>
        {c.notes.map((n) => <Alert key={n.code + n.message} color="orange" variant="light" p="xs"><Plain>{n.message}</Plain></Alert>)}
        <Code label={c.sync_streams.name} code={c.sync_streams.text} />
      </Stack>
      <Sdks sdks={c.sdks} />
      {c.first_write && (
        <Stack component="section" gap="xs" aria-labelledby="curl">
          <Title order={2} size="h3" id="curl">Without an app</Title>
          <Text size="sm" c="dimmed">A token and one write from a terminal, while development tokens are on.</Text>
          <Code label="commands" code={c.first_write} />
        </Stack>
      )}
    </Page>
  );
}
