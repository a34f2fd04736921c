import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { usePages } from "../../../api/pages";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Listing } from "../../../shell/Listing";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import { Part } from "../inbox/Facts";
import { Status } from "../inbox/Status";

type Rejection = components["schemas"]["Rejection"];

/** What waits for a refused write, in the order in which it will be released. */
export function Dependents({ rejection }: { rejection: Rejection }): ReactNode {
  const { instance } = useHere();
  const list = usePages<Rejection>(["inbox", "group", instance.id, rejection.group], async (cursor) => {
    const page = await body(client.GET("/api/v1/instances/{instance}/rejections", { params: { path: { instance: instance.id }, query: { group: rejection.group, order: "oldest", limit: 50, cursor } } }));
    return { data: page.data, next_cursor: page.next_cursor ?? undefined };
  }, { refetchInterval: 10_000 });
  const others = { ...list, rows: list.rows.filter((r) => r.id !== rejection.id) };
  if (!list.waiting && !list.problem && others.rows.length === 0) return null;
  return (
    <Part title={rejection.group === rejection.id ? "What waits for it" : "Its group"}>
      <Text size="sm" c="dimmed">The same device wrote on, to rows that the first of these would have made. They are released after it, in this order, or discarded with it.</Text>
      <Listing list={others} label="What waits" head={["Write", "Why", "State", "When"]} empty={null} row={(r) => (
        <Table.Tr key={r.id}>
          <Table.Td><Link href={to.rejection(instance.id, r.id)} size="sm"><Plain>{r.table}</Plain></Link>{r.id === rejection.group && " (the first)"}<Text size="xs" c="dimmed"><Plain>{r.row_id}</Plain></Text></Table.Td>
          <Table.Td><code><Plain>{r.error_code}</Plain></code></Table.Td>
          <Table.Td><Status status={r.status} /></Table.Td>
          <Table.Td><Time at={r.created_at} /></Table.Td>
        </Table.Tr>
      )} />
    </Part>
  );
}
