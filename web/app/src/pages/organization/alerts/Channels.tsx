import { Badge, Drawer, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client, tagged } from "../../../api/client";
import { usePages } from "../../../api/pages";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { Listing } from "../../../shell/Listing";
import { useMay } from "../../../shell/me";
import { useSearchState } from "../../../shell/search";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Empty } from "../../../ui/Empty";
import { Once } from "../../../ui/Once";
import { Plain } from "../../../ui/Plain";
import { ChannelForm, type ChannelValues } from "./ChannelForm";
import { Messages } from "./Messages";
import { useInstances } from "./instances";
import { ruleLabel } from "./words";

type Channel = components["schemas"]["AlertChannel"];

const fresh: ChannelValues = { name: "", kind: "mail", target: "", rules: [], instances: [], remind_hours: 24 };

/** Where alerts go. */
export function Channels({ org }: { org: string }): ReactNode {
  const may = useMay(org)("alert:write");
  const [s, set] = useSearchState({ channel: "", messages: "" });
  const [secret, setSecret] = useState<string>();
  const key = ["alert-channels", org];
  const list = usePages<Channel>(key, (cursor) => body(client.GET("/api/v1/orgs/{org}/alert-channels", { params: { path: { org }, query: { cursor } } })));
  const instances = useInstances(org);
  const edited = list.rows.find((c) => c.id === s.channel);
  const close = () => { set({ channel: "" }); };
  const save = useAct((v: ChannelValues) => put(org, edited, v), { done: "Saved", refresh: [key], quiet: true, then: (c) => { close(); if (c.secret) setSecret(c.secret); } });
  return (
    <Stack gap="sm">
      <Group><Action may={may} onClick={() => { save.reset(); set({ channel: "new" }); }}>Add a channel</Action></Group>
      <Listing list={list} label="Alert channels" head={["Channel", "Goes to", "Rules", "Instances", "Reminders", ""]}
        row={(c) => <ChannelRow key={c.id} channel={c} org={org} may={may} edit={() => { save.reset(); set({ channel: c.id }); }} messages={() => { set({ messages: c.id }); }} names={new Map(instances.map((i) => [i.value, i.label]))} />}
        empty={<Empty title="Nobody is told yet">Alerts are kept here in any case. Add a channel, and they are sent by mail or as a signed webhook.</Empty>} />
      <Modal opened={s.channel !== "" && (s.channel === "new" || !!edited)} onClose={close} title={edited ? "Change the channel" : "Add a channel"} closeButtonProps={{ "aria-label": "Close" }}>
        <ChannelForm key={s.channel} initial={edited ?? fresh} existing={!!edited} instances={instances} pending={save.isPending} problem={save.problem} save={(v) => { save.mutate(v); }} />
      </Modal>
      <Once title="The webhook's key" value={secret} label="the webhook's key" onClose={() => { setSecret(undefined); }}>Receivers verify alerts with it, by any library of Standard Webhooks.</Once>
      <Drawer opened={s.messages !== ""} onClose={() => { set({ messages: "" }); }} position="right" size="lg" title="What the channel was told" closeButtonProps={{ "aria-label": "Close" }}>
        {s.messages && <Messages org={org} channel={s.messages} />}
      </Drawer>
    </Stack>
  );
}

/** Makes a channel, or changes one that is still as it was read. */
async function put(org: string, old: Channel | undefined, v: ChannelValues): Promise<Channel> {
  if (!old) return body(client.POST("/api/v1/orgs/{org}/alert-channels", { params: { path: { org } }, body: v }));
  return edit(org, old.id, { name: v.name, target: v.target, rules: v.rules, instances: v.instances, remind_hours: v.remind_hours });
}

async function edit(org: string, channel: string, changes: Partial<Omit<ChannelValues, "kind"> & { paused: boolean }>): Promise<Channel> {
  const now = tagged(await client.GET("/api/v1/orgs/{org}/alert-channels/{channel}", { params: { path: { org, channel } } }));
  return body(client.PATCH("/api/v1/orgs/{org}/alert-channels/{channel}", { params: { path: { org, channel }, header: { "If-Match": now.tag } }, body: changes }));
}

interface RowProps {
  channel: Channel;
  org: string;
  may: true | string;
  edit: () => void;
  messages: () => void;
  names: Map<string, string>;
}

function ChannelRow({ channel: c, org, may, edit: open, messages, names }: RowProps): ReactNode {
  const refresh = [["alert-channels", org]];
  const path = { params: { path: { org, channel: c.id } } };
  const pause = useAct((paused: boolean) => edit(org, c.id, { paused }), { done: (r) => (r.paused ? "Paused" : "Resumed"), refresh });
  const test = useAct(() => body(client.POST("/api/v1/orgs/{org}/alert-channels/{channel}/test", path)), { done: (m) => (m.error ? `The test failed: ${m.error}` : "The test was sent"), refresh: [["alert-messages", org, c.id]] });
  const remove = useAct(() => body(client.DELETE("/api/v1/orgs/{org}/alert-channels/{channel}", path)), { done: "Deleted", refresh });
  const ask = () => { confirm({ title: "Delete the channel?", body: "Nobody is told by it any more, and what it was to send is forgotten.", action: "Delete", danger: true, onConfirm: () => { remove.mutate(undefined); } }); };
  return (
    <Table.Tr>
      <Table.Td><Plain>{c.name}</Plain>{c.paused && <Badge ml="xs" color="gray" variant="light" tt="none">paused</Badge>}</Table.Td>
      <Table.Td><Text size="sm">{c.kind === "mail" ? "Mail" : "Webhook"}: <Plain>{c.target}</Plain></Text></Table.Td>
      <Table.Td>{c.rules.length === 0 ? "all" : c.rules.map(ruleLabel).join(", ")}</Table.Td>
      <Table.Td>{c.instances.length === 0 ? "all" : c.instances.map((i) => <Plain key={i}>{names.get(i) ?? i}</Plain>)}</Table.Td>
      <Table.Td>{c.remind_hours === 0 ? "none" : `after ${c.remind_hours} h`}</Table.Td>
      <Table.Td>
        <Group gap={4} justify="flex-end">
          <Action may={may} size="compact-sm" variant="default" loading={test.isPending} onClick={() => { test.mutate(undefined); }}>Send a test</Action>
          <Action size="compact-sm" variant="subtle" onClick={messages}>Sent</Action>
          <Action may={may} size="compact-sm" variant="subtle" onClick={open}>Change</Action>
          <Action may={may} size="compact-sm" variant="subtle" loading={pause.isPending} onClick={() => { pause.mutate(!c.paused); }}>{c.paused ? "Resume" : "Pause"}</Action>
          <Action may={may} size="compact-sm" variant="subtle" color="red" onClick={ask}>Delete</Action>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
