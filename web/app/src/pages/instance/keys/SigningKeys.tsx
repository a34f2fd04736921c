import { Alert, Badge, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { usePages } from "../../../api/pages";
import { useAct } from "../../../shell/act";
import type { Here } from "../../../shell/instance";
import { Listing } from "../../../shell/Listing";
import { Action } from "../../../ui/Action";
import { Value } from "../../../ui/Code";
import { confirm } from "../../../ui/confirm";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import classes from "./Timeline.module.css";
import { timeline, type SigningKey } from "./timeline";

const words: Record<SigningKey["status"], [string, string]> = {
  published: ["Published, not signing yet", "key"],
  signing: ["Signing", "teal"],
  retiring: ["Retiring", "yellow"],
  retired: ["Retired", "gray"],
  revoked: ["Revoked", "red"],
};

const revokes = (
  <Stack gap="xs">
    <Text size="sm">Within 60 seconds this instance mints no tokens with the key and refuses uploads that were signed by it. Devices fetch another token on their own.</Text>
    <Text size="sm" fw={600}>A PowerSync Service keeps its own copy of the key set and may accept the key for up to 60 minutes more. To force it, restart the self-hosted service, or redeploy the instance in the PowerSync dashboard.</Text>
    <Text size="sm">Rotate first if no other key is published. This cannot be undone.</Text>
  </Stack>
);

/** The keys that sign tokens, and their lives. */
export function SigningKeys({ here }: { here: Here }): ReactNode {
  const id = here.instance.id;
  const path = { instance: id };
  const may = here.may("key:write");
  const [notice, setNotice] = useState<{ title: string; text: string }>();
  const list = usePages(["signing-keys", id], () => body(client.GET("/api/v1/instances/{instance}/signing-keys", { params: { path } })), { refetchInterval: 15_000 });
  const refresh = [["signing-keys", id], ["get", "/api/v1/instances/{instance}"]];
  const rotate = useAct(() => body(client.POST("/api/v1/instances/{instance}/signing-keys/rotate", { params: { path } })), { refresh, then: (k) => { setNotice({ title: "A new key is published", text: k.notice }); } });
  const revoke = useAct((kid: string) => body(client.POST("/api/v1/instances/{instance}/signing-keys/revoke", { params: { path }, body: { id: kid } })), { refresh, then: (k) => { setNotice({ title: "The key is revoked", text: k.notice }); } });
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="signing-keys">
      <Stack gap="md">
        <Group justify="space-between" align="flex-start">
          <div><Title order={2} size="h4" id="signing-keys">Signing keys</Title><Text size="sm" c="dimmed">They sign the tokens that devices bring to the PowerSync Service.</Text></div>
          <Action variant="default" may={may} loading={rotate.isPending} onClick={() => {
            confirm({ title: "Rotate the signing key?", danger: false, action: "Rotate", body: "A new key is published now and signs after ten minutes, when every service has fetched it. The one before it verifies until its last token has ended. Devices notice nothing.", onConfirm: () => { rotate.mutate(); } });
          }}>Rotate</Action>
        </Group>
        {notice && <Alert color="teal" variant="light" title={notice.title} withCloseButton closeButtonLabel="Close" onClose={() => { setNotice(undefined); }} role="status"><Plain>{notice.text}</Plain></Alert>}
        {list.rows.length > 0 && <Drawing keys={list.rows} />}
        <Listing list={list} label="List of signing keys" head={["Key", "State", "Published", "Signs from", "Leaves the key set", ""]}
          empty={<Text size="sm" c="dimmed">There is no key.</Text>}
          row={(k) => (
            <Table.Tr key={k.id}>
              <Table.Td><code><Plain>{k.id}</Plain></code> <Text span size="sm" c="dimmed">{k.algorithm}</Text></Table.Td>
              <Table.Td><Badge variant="dot" color={words[k.status][1]} tt="none" miw="max-content">{words[k.status][0]}</Badge></Table.Td>
              <Table.Td><When at={k.publish_at} /></Table.Td>
              <Table.Td><When at={k.sign_from} /></Table.Td>
              <Table.Td>{k.revoked_at ? <>revoked <When at={k.revoked_at} /></> : k.retire_at ? <When at={k.retire_at} /> : "when it is rotated"}</Table.Td>
              <Table.Td>{(k.status === "published" || k.status === "signing" || k.status === "retiring") && <Action size="compact-sm" variant="default" may={may} aria-label={`Revoke ${k.id}`} onClick={() => {
                confirm({ title: "Revoke the key?", body: revokes, action: "Revoke", typed: k.status === "signing" ? "revoke" : undefined, onConfirm: () => { revoke.mutate(k.id); } });
              }}>Revoke</Action>}</Table.Td>
            </Table.Tr>
          )} />
        <Stack gap={4}><Text size="sm" fw={500}>Key set</Text><Value value={here.instance.urls.jwks} label="Address of the key set (JWKS)" /></Stack>
      </Stack>
    </Paper>
  );
}

/** A moment past or to come. */
function When({ at }: { at: string }): ReactNode {
  const t = new Date(at);
  return <time dateTime={at} title={t.toLocaleString()}>{t.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</time>;
}

function Drawing({ keys }: { keys: SigningKey[] }): ReactNode {
  const [now] = useState(() => Date.now());
  const t = timeline(keys, now);
  return (
    <div className={classes.frame} role="img" aria-label={`When each key is published, signs and retires. ${t.rows.map((r) => `${r.key.id}: ${words[r.key.status][0]}`).join(". ")}`}>
      {t.rows.map((r) => (
        <svg key={r.key.id} className={classes.bar} viewBox="0 0 1000 22" preserveAspectRatio="none">
          <rect className={classes.track} x="0" y="4" width="1000" height="14" />
          {r.stretches.map((s) => <rect key={s.kind} className={classes[s.kind]} x={s.from * 1000} y="4" width={(s.to - s.from) * 1000} height="14" />)}
          <line className={classes.now} x1={t.now * 1000} x2={t.now * 1000} y1="0" y2="22" vectorEffect="non-scaling-stroke" />
        </svg>
      ))}
      <Group gap="md">
        {(["published", "signing", "retiring"] as const).map((k) => <Text key={k} size="xs" component="span"><svg className={classes.swatch} viewBox="0 0 12 12"><rect className={classes[k]} width="12" height="12" /></svg>{{ published: "published", signing: "signs", retiring: "still verifies" }[k]}</Text>)}
        <Text size="xs" component="span">The line is now; from <Time at={new Date(t.from).toISOString()} />.</Text>
      </Group>
    </div>
  );
}
