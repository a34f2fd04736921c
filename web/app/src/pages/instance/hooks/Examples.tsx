import { Badge, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { Rows } from "../../../ui/Rows";
import { differences, type Example } from "./report";

/** Cases of which something else would become, each with what was and what would be. */
export function Examples({ instance, list, differ }: { instance: string; list: Example[]; differ: number }): ReactNode {
  if (list.length === 0) return null;
  return (
    <Stack gap="xs">
      <Rows label="Cases that differ" head={["Case", "Difference", "Was", "Would be"]}>
        {list.map((e, n) => {
          const [title, color] = differences[e.difference];
          return (
            <Table.Tr key={n}>
              <Table.Td><Name instance={instance} of={e} /></Table.Td>
              <Table.Td><Badge variant="light" color={color}>{title}</Badge></Table.Td>
              <Table.Td><Outcome of={e.was} /></Table.Td>
              <Table.Td><Outcome of={e.would} /></Table.Td>
            </Table.Tr>
          );
        })}
      </Rows>
      {differ > list.length && <Text size="sm" c="dimmed">These are the first {list.length} of {differ}.</Text>}
    </Stack>
  );
}

function Name({ instance, of: e }: { instance: string; of: Example }): ReactNode {
  const text = <Plain>{`${e.table} ${e.row_id}`}</Plain>;
  const href = { conflict: to.conflict(instance, e.id), rejection: to.rejection(instance, e.id), live: to.logs(instance, { request_id: e.id }) }[e.kind];
  return (
    <>
      <Link href={href} size="sm">{text}</Link>
      <Text size="xs" c="dimmed">{e.kind === "live" ? "a live write" : `a recorded ${e.kind}`}</Text>
    </>
  );
}

function Outcome({ of: r }: { of: Example["was"] }): ReactNode {
  return (
    <>
      <Text size="sm">{r.outcome === "applied" ? (r.deleted ? "deleted" : "written") : r.outcome === "refused" ? "refused" : "sent again later"} {r.error_code && <code><Plain>{r.error_code}</Plain></code>}</Text>
      {r.message && <Text size="xs" c="dimmed"><Plain>{r.message}</Plain></Text>}
      {Object.entries(r.values ?? {}).map(([name, v]) => <Text key={name} size="xs" ff="monospace" component="div"><Plain>{`${name}: ${JSON.stringify(v)}`}</Plain></Text>)}
    </>
  );
}
