import { Radio, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";

export type Case = "conflict" | "rejection" | "write";

const titles = { conflict: "Conflict", rejection: "Refused", write: "Write" } as const;

interface Choice {
  kind: Case;
  id: string;
  what: string;
  user: string;
  why: string;
  at: string;
}

/** The latest recorded conflicts and refused writes, and what devices of a development instance sent last; one to be chosen. */
export function Recorded({ instance, development, chosen, choose }: { instance: string; development: boolean; chosen: string; choose: (on: string) => void }): ReactNode {
  const query = { params: { path: { instance }, query: { limit: 25 } } };
  const conflicts = api.useQuery("get", "/api/v1/instances/{instance}/conflicts", query);
  const rejections = api.useQuery("get", "/api/v1/instances/{instance}/rejections", query);
  const writes = api.useQuery("get", "/api/v1/instances/{instance}/latest-writes", { params: { path: { instance } } }, { enabled: development });
  const error = conflicts.error ?? rejections.error ?? writes.error;
  if (conflicts.isPending || rejections.isPending || writes.isLoading) return <Waiting lines={3} />;
  if (error) return <Failure trouble={asProblem(error)} title="What was recorded cannot be read" retry={() => { void conflicts.refetch(); void rejections.refetch(); if (development) void writes.refetch(); }} />;
  const list: Choice[] = [
    ...(conflicts.data?.data ?? []).map((c): Choice => ({ kind: "conflict", id: c.id, what: `${c.op} ${c.table} ${c.row_id}`, user: c.user_id, why: `${c.policy}: ${c.outcome}`, at: c.created_at })),
    ...(rejections.data?.data ?? []).map((r): Choice => ({ kind: "rejection", id: r.id, what: `${r.table} ${r.row_id}`, user: r.user_id, why: r.error_code, at: r.created_at })),
    ...(writes.data?.data ?? []).map((w): Choice => ({ kind: "write", id: w.id, what: w.operations.map((o) => `${o.op} ${o.table} ${o.id}`).join(", ") + (w.count > w.operations.length ? ` and ${w.count - w.operations.length} more` : ""), user: w.user_id, why: w.error_code ?? "written", at: w.at })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  if (list.length === 0) return <Text size="sm" c="dimmed">{development ? "No device has written anything since the runtime started, and nothing is recorded." : "Nothing is recorded yet: no conflict, and no refused write."}</Text>;
  const named = chosen.split(":")[1];
  return (
    <Radio.Group value={chosen} onChange={choose} aria-label="Recorded writes">
      <Stack gap={4}>
        {named && !list.some((c) => c.id === named) && <Text size="sm">Chosen: <Plain>{named}</Plain>, which is not among the latest.</Text>}
        <Rows label="Recorded writes" head={["Choose", "Write", "User", "What became of it", "When"]}>
          {list.map((c) => (
            <Table.Tr key={c.id}>
              <Table.Td><Radio value={`${c.kind}:${c.id}`} aria-label={plain(`${c.kind} ${c.what}`)} /></Table.Td>
              <Table.Td><Plain>{c.what}</Plain></Table.Td>
              <Table.Td><Plain>{c.user}</Plain></Table.Td>
              <Table.Td>{titles[c.kind]}, <Plain>{c.why}</Plain></Table.Td>
              <Table.Td><Time at={c.at} /></Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      </Stack>
    </Radio.Group>
  );
}
