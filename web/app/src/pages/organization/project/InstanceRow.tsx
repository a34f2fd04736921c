import { Badge, Table, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Time } from "../../../ui/Time";
import { health } from "./health";

export const instanceHead = ["Instance", "Health", "Kind", "Deployment", "Changed"];

/** An instance in a list. Lists do not say how instances do, so that each row asks for itself. */
export function InstanceRow({ instance }: { instance: components["schemas"]["Instance"] }): ReactNode {
  return (
    <Table.Tr>
      <Table.Td><Link href={to.instance(instance.id)}><Plain>{instance.name}</Plain></Link></Table.Td>
      <Table.Td><HealthOf id={instance.id} /></Table.Td>
      <Table.Td>{instance.kind === "production" ? "Production" : "Development"}</Table.Td>
      <Table.Td>{instance.deployment === 0 ? "none yet" : <Link href={to.deployment(instance.id, instance.deployment)}>No. {instance.deployment}</Link>}</Table.Td>
      <Table.Td><Time at={instance.updated_at} /></Table.Td>
    </Table.Tr>
  );
}

function HealthOf({ id }: { id: string }): ReactNode {
  const q = api.useQuery("get", "/api/v1/instances/{instance}", { params: { path: { instance: id } } }, { refetchInterval: 15_000 });
  if (q.error) return <Text size="sm" title={plain(asProblem(q.error).message)}>unknown</Text>;
  if (!q.data) return <Text size="sm" c="dimmed">…</Text>;
  const h = health(q.data);
  return <Tooltip label={plain(h.detail)} multiline maw={320}><Badge variant="dot" color={h.color} tabIndex={0} tt="none" miw="max-content">{h.word}</Badge></Tooltip>;
}
