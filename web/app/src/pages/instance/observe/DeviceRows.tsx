import { Anchor, Badge, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import { many } from "./numbers";

export type Device = components["schemas"]["Device"];

export const deviceHead = ["Device", "State", "Queue", "Last upload", "Last token", "Previous values", "Seen"];

const stuck: Record<string, string> = { refused: "Turned away", waiting: "Stuck", silent: "Silent" };

export function stateOf(d: Device): { color: string; word: string } {
  if (d.stuck) return { color: d.stuck === "silent" ? "yellow" : "red", word: stuck[d.stuck] ?? d.stuck };
  if (d.waiting) return { color: "yellow", word: "Waiting" };
  return { color: "teal", word: "Fine" };
}

export function DeviceRow({ device: d, open }: { device: Device; open: () => void }): ReactNode {
  const { color, word } = stateOf(d);
  const p = d.previous_values;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" ta="start" onClick={open} aria-haspopup="dialog"><Plain>{d.client_id || "stock connector"}</Plain></Anchor>
        <Text size="xs" c="dimmed">{d.user_id ? <>user <Plain>{d.user_id}</Plain></> : "nobody's: no credential was accepted"}</Text>
      </Table.Td>
      <Table.Td><Badge variant="dot" color={color} tt="none" miw="max-content">{word}</Badge></Table.Td>
      <Table.Td>{d.queue ? <>{many(d.queue.count, "operation")}{d.queue.count > 0 && d.queue.oldest_op_at && <>, the oldest <Time at={d.queue.oldest_op_at} /></>}</> : "not reported"}</Table.Td>
      <Table.Td><Time at={d.last_upload_at} /></Table.Td>
      <Table.Td><Time at={d.last_token_at} /></Table.Td>
      <Table.Td>{!p ? "–" : p.without === 0 ? "yes" : p.with === 0 ? "no" : "partly"}</Table.Td>
      <Table.Td><Time at={d.last_seen_at} /></Table.Td>
    </Table.Tr>
  );
}

/** Everything about one device. */
export function DeviceDetail({ device: d, instance }: { device: Device; instance: string }): ReactNode {
  return (
    <Stack gap="sm">
      {d.hint && <Text fw={600}><Plain>{d.hint}</Plain></Text>}
      <Facts rows={[
        ["User", d.user_id ? <Link key="u" href={to.logs(instance, { user_id: d.user_id })}><Plain>{d.user_id}</Plain></Link> : "nobody's"],
        ["Connector", <Plain key="c">{[d.sdk, d.app_version && `app ${d.app_version}`].filter(Boolean).join(", ") || "says nothing of itself"}</Plain>],
        ["First seen", new Date(d.first_seen_at).toLocaleString()],
        ["Last seen", new Date(d.last_seen_at).toLocaleString()],
        ["Transactions", `${many(d.transactions.applied, "applied", "applied")}, ${many(d.transactions.rejected, "refused", "refused")}`],
        ["Operations that could conflict", d.previous_values ? `${d.previous_values.with} with previous values, ${d.previous_values.without} without` : "none"],
        ...(d.queue ? [["Queue", <>{many(d.queue.count, "operation")}, reported <Time at={d.queue.reported_at} /></>] as Row] : []),
        ...(d.queue && d.queue.count > 0 ? [["Oldest that waits", d.queue.oldest_op_at ? <>seen by its connector <Time at={d.queue.oldest_op_at} /></> : "its connector does not say"] as Row] : []),
        ...(d.queue?.last_error ? [["Its last error", <Plain key="e">{d.queue.last_error}</Plain>] as Row] : []),
        ...(d.waiting ? [["Waits since", <><Time at={d.waiting.since} />: <Plain>{`${d.waiting.code} ${d.waiting.message ?? ""}`}</Plain></>] as Row] : []),
        ...(d.last_refused ? [["Last turned away", <><Time at={d.last_refused.at} />: <Plain>{`${d.last_refused.code} ${d.last_refused.message ?? ""}`}</Plain></>] as Row] : []),
      ]} />
      {d.client_id && <Link href={`${to.logs(instance)}?client_id=${encodeURIComponent(d.client_id)}`}>Its lines in the log</Link>}
    </Stack>
  );
}

type Row = [string, ReactNode];

function Facts({ rows }: { rows: Row[] }): ReactNode {
  return (
    <Table variant="vertical" withTableBorder>
      <Table.Tbody>{rows.map(([label, value]) => <Table.Tr key={label}><Table.Th scope="row">{label}</Table.Th><Table.Td>{value}</Table.Td></Table.Tr>)}</Table.Tbody>
    </Table>
  );
}
