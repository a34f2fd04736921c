import { Anchor, Button, Group, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Person, type People } from "../../../shell/people";
import { Value } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";
import { Rows } from "../../../ui/Rows";
import { changes, words } from "./diff";

export type AuditEvent = components["schemas"]["AuditEvent"];

interface Props {
  event: AuditEvent;
  people: People;
  open: boolean;
  toggle: () => void;
  narrow: (target: string) => void;
}

/** One event, and, opened, what it changed. */
export function EventRow({ event: e, people, open, toggle, narrow }: Props): ReactNode {
  const list = changes(e.changes);
  const at = new Date(e.at);
  return (
    <>
      <Table.Tr>
        <Table.Td><time dateTime={e.at} title={e.at}>{at.toLocaleString()}</time></Table.Td>
        <Table.Td><Person id={e.user_id} people={people} />{e.token_id && <Text size="xs" c="dimmed">by an API token</Text>}</Table.Td>
        <Table.Td>{words(e.kind)}</Table.Td>
        <Table.Td><Anchor component="button" type="button" size="sm" onClick={() => { narrow(e.target); }} title="Only what happened to this"><code><Plain>{e.target}</Plain></code></Anchor></Table.Td>
        <Table.Td>{list.length === 0 ? "" : `${list.length} ${list.length === 1 ? "field" : "fields"}`}</Table.Td>
        <Table.Td><Button size="compact-sm" variant="default" aria-expanded={open} aria-label={`${open ? "Close" : "Open"}: ${words(e.kind)}, ${at.toLocaleString()}`} onClick={toggle}>{open ? "Close" : "Open"}</Button></Table.Td>
      </Table.Tr>
      {open && <Table.Tr><Table.Td colSpan={6}><Detail event={e} list={list} /></Table.Td></Table.Tr>}
    </>
  );
}

function Detail({ event: e, list }: { event: AuditEvent; list: ReturnType<typeof changes> }): ReactNode {
  return (
    <Stack gap="sm" py="xs">
      {list.length === 0 ? <Text size="sm" c="dimmed">It changed no field.</Text> : (
        <Rows label="What changed" head={["Field", "Before", "After"]}>
          {list.map((c) => (
            <Table.Tr key={c.field}>
              <Table.Td><code><Plain>{c.field}</Plain></code></Table.Td>
              <Table.Td>{c.from === undefined ? <Text size="sm" c="dimmed">nothing</Text> : <del><Plain>{c.from}</Plain></del>}</Table.Td>
              <Table.Td>{c.to === undefined ? <Text size="sm" c="dimmed">nothing</Text> : <ins><Plain>{c.to}</Plain></ins>}</Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      <Group gap="md">
        <Text size="sm">Event <code><Plain>{e.kind}</Plain></code></Text>
        <Text size="sm">Address <Plain>{e.ip}</Plain></Text>
        {e.token_id && <Text size="sm">Token <code><Plain>{e.token_id}</Plain></code></Text>}
        {e.target.startsWith("ins_") && e.kind !== "instance.deleted" && <Link href={to.instance(e.target)} size="sm">Open the instance</Link>}
        {e.target.startsWith("prj_") && e.kind !== "project.deleted" && <Link href={to.project(e.target)} size="sm">Open the project</Link>}
      </Group>
      <Group gap="md"><Text size="sm" component="span">Request <Value value={e.request_id} label="Id of the request" /></Text></Group>
    </Stack>
  );
}
