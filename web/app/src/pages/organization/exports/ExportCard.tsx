import { Badge, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Rows } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { edit } from "./edit";
import { amounts, signalLabel, stateOf, type Export } from "./words";

interface Props {
  of: Export;
  org: string;
  may: true | string;
  change: () => void;
  names: Map<string, string>;
}

/** One export: where it goes, and how the sending of each signal does. */
export function ExportCard({ of: e, org, may, change, names }: Props): ReactNode {
  const refresh = [["telemetry-exports", org]];
  const path = { params: { path: { org, export: e.id } } };
  const pause = useAct((paused: boolean) => edit(org, e.id, { paused }), { done: (r) => (r.paused ? "Paused" : "Resumed"), refresh });
  const test = useAct(() => body(client.POST("/api/v1/orgs/{org}/telemetry-exports/{export}/test", path)), {
    done: (r) => r.data.map((p) => `${signalLabel(p.signal)}: ${p.error ?? "the receiver took it"}`).join(" "), refresh,
  });
  const remove = useAct(() => body(client.DELETE("/api/v1/orgs/{org}/telemetry-exports/{export}", path)), { done: "Deleted", refresh });
  const ask = () => { confirm({ title: `Delete ${plain(e.name)}?`, body: "Nothing is sent there any more. What the receiver has, it keeps.", action: "Delete", danger: true, onConfirm: () => { remove.mutate(undefined); } }); };
  return (
    <Card withBorder component="section" aria-label={plain(e.name)}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h4"><Plain>{e.name}</Plain>{e.paused && <Badge ml="xs" color="gray" variant="light" tt="none">paused</Badge>}</Title>
            <Text size="sm"><Plain>{e.endpoint}</Plain></Text>
            <Text size="xs" c="dimmed">
              {e.instances.length === 0 ? "All instances" : e.instances.map((i, n) => <span key={i}>{n > 0 && ", "}<Plain>{names.get(i) ?? i}</Plain></span>)}
              {e.headers.length > 0 && <>; headers <Plain>{e.headers.join(", ")}</Plain></>}
              {e.identities ? "; users and devices are named" : "; without users and devices"}
            </Text>
          </div>
          <Group gap={4}>
            <Action may={may} size="compact-sm" variant="default" loading={test.isPending} onClick={() => { test.mutate(undefined); }}>Send a test</Action>
            <Action may={may} size="compact-sm" variant="subtle" onClick={change}>Change</Action>
            <Action may={may} size="compact-sm" variant="subtle" loading={pause.isPending} onClick={() => { pause.mutate(!e.paused); }}>{e.paused ? "Resume" : "Pause"}</Action>
            <Action may={may} size="compact-sm" variant="subtle" color="red" onClick={ask}>Delete</Action>
          </Group>
        </Group>
        <Rows label={`What ${plain(e.name)} sends`} head={["Signal", "State", "Last sent", "So far"]}>
          {e.signals.map((s) => {
            const { color, word } = stateOf(s);
            return (
              <Table.Tr key={s.signal}>
                <Table.Td>{signalLabel(s.signal)}</Table.Td>
                <Table.Td><Badge variant="dot" color={color} tt="none" miw="max-content">{word}</Badge>{s.error && <Text size="sm"><Plain>{s.error}</Plain> <Time at={s.failed_at} /></Text>}</Table.Td>
                <Table.Td>{s.sent_at ? <>{new Date(s.sent_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}, <Time at={s.sent_at} /></> : "never"}</Table.Td>
                <Table.Td>{amounts(s)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Rows>
      </Stack>
    </Card>
  );
}
