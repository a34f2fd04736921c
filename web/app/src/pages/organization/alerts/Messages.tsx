import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";

/** What one channel was told, newest first. */
export function Messages({ org, channel }: { org: string; channel: string }): ReactNode {
  const q = useQuery({ queryKey: ["alert-messages", org, channel], refetchInterval: 10_000, queryFn: () => body(client.GET("/api/v1/orgs/{org}/alert-channels/{channel}/messages", { params: { path: { org, channel } } })) });
  if (q.error) return <Failure trouble={asProblem(q.error)} retry={() => { void q.refetch(); }} />;
  if (!q.data) return <Waiting />;
  if (q.data.data.length === 0) return <Empty title="Nothing was sent yet" />;
  return (
    <Rows label="Messages" head={["About", "Made", "Sent", "Attempts", "Trouble"]}>
      {q.data.data.map((m) => (
        <Table.Tr key={m.id}>
          <Table.Td>{m.reason}</Table.Td>
          <Table.Td><Time at={m.created_at} /></Table.Td>
          <Table.Td>{m.delivered_at ? <Time at={m.delivered_at} /> : m.due_at ? <>again <Time at={m.due_at} /></> : "given up"}</Table.Td>
          <Table.Td>{m.attempts}</Table.Td>
          <Table.Td><Plain>{m.error}</Plain></Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}
