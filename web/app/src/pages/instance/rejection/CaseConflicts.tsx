import { List, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { Part } from "../inbox/Facts";
import { Status } from "../inbox/Status";

/** The conflicts that a transaction was refused for: its case is decided there. */
export function CaseConflicts({ rejection }: { rejection: string }): ReactNode {
  const { instance } = useHere();
  const list = api.useQuery("get", "/api/v1/instances/{instance}/conflicts", { params: { path: { instance: instance.id }, query: { rejection_id: rejection, order: "oldest", limit: 100 } } });
  const rows = list.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Part title="Its conflicts">
      <Text size="sm" c="dimmed">The transaction waits because these were left open. Deciding them writes it; replaying it asks today&apos;s policy.</Text>
      <List size="sm">
        {rows.map((c) => <List.Item key={c.id}><Link href={to.conflict(instance.id, c.id)} size="sm"><Plain>{`${c.op} ${c.table}: ${c.fields.map((f) => f.name).join(", ")}`}</Plain></Link> <Status status={c.status} /></List.Item>)}
      </List>
    </Part>
  );
}
