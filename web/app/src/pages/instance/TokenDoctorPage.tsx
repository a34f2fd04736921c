import { Alert, Badge, Group, List, Stack, Table, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../api/client";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Action } from "../../ui/Action";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Rows } from "../../ui/Rows";

type Diagnosis = components["schemas"]["Diagnosis"];

const kinds: Record<string, string> = { turnkey: "A token of this instance", provider: "A sign-in's token", unknown: "A token of nobody that this instance knows", malformed: "Not a usable token" };
const colors: Record<string, string> = { accepted: "teal", refused: "red", "not known": "yellow" };

/** Takes a token and says what is wrong with it, and which setting to change. */
export default function TokenDoctorPage(): ReactNode {
  const { instance, may } = useHere();
  const [token, setToken] = useState("");
  const [url, setURL] = useState("");
  const ask = useAct(() => body(client.POST("/api/v1/instances/{instance}/token-doctor", { params: { path: { instance: instance.id } }, body: { token, powersync_url: url || undefined } })), { quiet: true });
  return (
    <Page title="Token doctor" lead="Paste what an app sends, and what it connects to. The token is looked at by a runtime, with the keys of your sign-ins; it is neither logged nor stored.">
      <form onSubmit={(e) => { e.preventDefault(); if (token.trim()) ask.mutate(undefined); }}>
        <Stack gap="sm" maw="46rem">
          <Textarea label="Token" placeholder="eyJhbGciOi…" autosize minRows={4} maxRows={10} required spellCheck={false} autoComplete="off" value={token} onChange={(e) => { ask.reset(); setToken(e.currentTarget.value); }} />
          <TextInput label="PowerSync URL" description="As the app has it; empty: the configured one." placeholder="https://65a1b2c3d4.powersync.journeyapps.com" value={url} onChange={(e) => { ask.reset(); setURL(e.currentTarget.value); }} />
          <div><Action type="submit" may={may("config:write") !== true ? may("config:write") : token.trim() ? true : "Paste a token first."} loading={ask.isPending}>Look at it</Action></div>
        </Stack>
      </form>
      {ask.problem && <Failure trouble={ask.problem} />}
      {ask.data && <Said diagnosis={ask.data} instance={instance.id} />}
    </Page>
  );
}

function Said({ diagnosis: d, instance }: { diagnosis: Diagnosis; instance: string }): ReactNode {
  const facts: [string, string | undefined][] = [
    ["Signed with", [d.alg, d.kid].filter(Boolean).join(", key ")], ["Issuer (iss)", d.issuer], ["User (sub)", d.subject], ["Audience (aud)", d.audience?.join(", ")],
    ["Issued (iat)", d.issued_at], ["Expires (exp)", d.expires_at],
  ];
  return (
    <Stack gap="md" role="region" aria-label="Diagnosis" aria-live="polite">
      <Title order={2} size="h3">{kinds[d.kind] ?? d.kind}{d.provider ? <>: <Plain>{d.provider}</Plain></> : ""}</Title>
      <Group gap="xs">
        {([["PowerSync", d.powersync], ["Uploads", d.upload], ["The token exchange", d.exchange]] as const).map(([door, verdict]) => (
          <Badge key={door} size="lg" variant="light" color={colors[verdict] ?? "gray"} tt="none">{door}: {verdict}</Badge>
        ))}
      </Group>
      {d.findings.length === 0 && <Alert color="teal" variant="light" title="Nothing is wrong with it">PowerSync and uploads take it.</Alert>}
      <List listStyleType="none" withPadding={false} spacing="sm">
        {d.findings.map((f) => (
          <List.Item key={f.code}>
            <Alert color={f.advice ? "blue" : "red"} variant="light" title={f.claim ? <>Look at <code><Plain>{f.claim}</Plain></code></> : undefined}>
              <Text size="sm"><Plain>{f.message}</Plain></Text>
              <Text size="sm" fw={600}><Plain>{f.fix}</Plain></Text>
              {f.setting && <Text size="sm">Setting: <Link href={to.configuration(instance, f.setting)} size="sm"><code><Plain>{f.setting}</Plain></code></Link></Text>}
              {f.powersync_code && <Text size="xs" c="dimmed">PowerSync logs it as <Plain>{f.powersync_code}</Plain>.</Text>}
            </Alert>
          </List.Item>
        ))}
      </List>
      {d.kind !== "malformed" && (
        <Rows label="What the token says" head={["Claim", "Value"]}>
          {facts.map(([name, value]) => <Table.Tr key={name}><Table.Td>{name}</Table.Td><Table.Td><Plain>{value ?? "–"}</Plain></Table.Td></Table.Tr>)}
        </Rows>
      )}
    </Stack>
  );
}
