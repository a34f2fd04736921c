import { Badge, Group, NumberInput, Select, Stack, Table, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { Action } from "../../../ui/Action";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { Examples } from "./Examples";
import { sentence } from "./report";
import { Refused } from "./Refused";
import type { Open } from "./Where";
import { candidate, type Workspace } from "./workspace";

type Shadow = components["schemas"]["ShadowOutputBody"];

const key = ["get", "/api/v1/instances/{instance}/shadow"];

/** The draft beside what is deployed, on live writes, writing nothing. */
export function ShadowPanel({ ws, open }: { ws: Workspace; open: Open }): ReactNode {
  const [sample, setSample] = useState("0.1");
  const [minutes, setMinutes] = useState<number | string>(15);
  const path = { params: { path: { instance: ws.instance } } };
  const shadow = api.useQuery("get", "/api/v1/instances/{instance}/shadow", path, {
    enabled: ws.mayTry === true, refetchInterval: (q) => (q.state.data?.running && !q.state.error ? 2000 : false),
  });
  const start = useAct(() => body(client.POST("/api/v1/instances/{instance}/shadow", { ...path, body: { sample: Number(sample), minutes: Math.min(Math.max(Number(minutes) || 15, 1), 60), ...candidate(ws.items) } })),
    { quiet: true, refresh: [key] });
  const stop = useAct(() => body(client.DELETE("/api/v1/instances/{instance}/shadow", path)), { done: "The shadow was stopped", refresh: [key] });
  const none = shadow.error && asProblem(shadow.error).status === 404;
  // Runtimes forget a shadow that is stopped: what it came to is the answer to that.
  const s = none ? stop.data : shadow.data;
  return (
    <Stack gap="md">
      <Text size="sm" maw="46rem">The files as they are here are tried on a part of the live writes, beside what is deployed. Devices notice nothing, nothing is written; what would differ is counted.</Text>
      <Group align="flex-end">
        <Select label="Part of the writes" data={[{ value: "0.01", label: "1 %" }, { value: "0.1", label: "10 %" }, { value: "0.5", label: "50 %" }, { value: "1", label: "All" }]} value={sample} allowDeselect={false} onChange={(v) => { setSample(v ?? "0.1"); }} w={130} />
        <NumberInput label="Minutes" min={1} max={60} value={minutes} onChange={setMinutes} w={110} />
        <Action may={ws.mayTry} loading={start.isPending} onClick={() => { stop.reset(); start.mutate(undefined); }}>{s?.running ? "Start anew" : "Start"}</Action>
        {s?.running && <Action may={ws.mayTry} variant="default" loading={stop.isPending} onClick={() => { stop.mutate(undefined); }}>Stop</Action>}
      </Group>
      {start.problem && <Refused title="It could not be started" problem={start.problem} instance={ws.instance} open={open} />}
      {shadow.error && !none && <Failure trouble={asProblem(shadow.error)} title="The counts cannot be read" retry={() => { void shadow.refetch(); }} />}
      {shadow.isLoading && <Waiting lines={2} />}
      {none && !s && !start.isPending && <Empty title="No shadow runs" />}
      {s && <Counts ws={ws} s={s} />}
    </Stack>
  );
}

function Counts({ ws, s }: { ws: Workspace; s: Shadow }): ReactNode {
  const fields = Object.entries(s.fields).flatMap(([table, of]) => Object.entries(of).map(([field, n]) => ({ table, field, n }))).sort((a, b) => b.n - a.n);
  return (
    <>
      <Group gap="xs">
        <Badge color={s.running ? "teal" : "gray"} variant="light">{s.running ? "running" : "ended"}</Badge>
        <Text size="sm">{Math.round(s.sample * 100)} % beside deployment {s.deployment}, on {s.runtimes} {s.runtimes === 1 ? "runtime" : "runtimes"}{s.silent ? `, ${s.silent} did not answer` : ""}; {s.running ? "ends" : "was to end"} <Time at={s.until} /></Text>
      </Group>
      <Text fw={600} role="status">{s.total === 0 ? "No write has been tried yet." : sentence(s)}{s.dropped > 0 ? ` ${s.dropped} were left out, because those before were not done.` : ""}</Text>
      {fields.length > 0 && (
        <section aria-label="Fields that would differ">
          <Title order={2} size="h5" mb="xs">Fields that would differ</Title>
          <Rows label="Fields that would differ" head={["Table", "Field", "Rows"]}>
            {fields.map((f) => <Table.Tr key={f.table + "." + f.field}><Table.Td><Plain>{f.table}</Plain></Table.Td><Table.Td><Plain>{f.field}</Plain></Table.Td><Table.Td>{f.n}</Table.Td></Table.Tr>)}
          </Rows>
        </section>
      )}
      <Examples instance={ws.instance} list={s.examples} differ={s.differ + s.errors} />
    </>
  );
}
