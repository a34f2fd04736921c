import { Button, Card, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { Failure } from "../../../ui/Failure";
import { Json } from "../../../ui/Json";
import { plain } from "../../../ui/plain";
import { change, firstRow, mergesFor, own, rowID, seen, stored, withPolicy, type Row, type TableModel } from "./model";
import { Outcomes, type Happening, type Verdict } from "./Outcome";
import { Phone, type PhoneState } from "./Phone";

const policies = [
  { value: "last_write", label: "last_write: the last to arrive wins, column by column" }, { value: "merge", label: "merge: each column has its own policy" },
  { value: "reject", label: "reject: the later write is refused" }, { value: "record", label: "record: refused, and kept for somebody to decide" },
];
const names = ["Phone A", "Phone B"] as const;

interface Props {
  table: TableModel;
  draft: Parameters<typeof withPolicy>[0];
  /** What the table is chosen with, beside its policy. */
  choice: ReactNode;
}

/** Two phones over one row, with the instance's own pipeline between them. */
export function World({ table, draft, choice }: Props): ReactNode {
  const { instance } = useHere();
  const begin = firstRow(table);
  const fresh = (): PhoneState[] => names.map(() => ({ base: begin, local: begin, online: true }));
  const [server, setServer] = useState<Row>(begin);
  const [phones, setPhones] = useState<PhoneState[]>(fresh);
  const [log, setLog] = useState<Happening[]>([]);
  const [policy, setPolicy] = useState(own);
  const [merges, setMerges] = useState<Record<string, string>>(table.merges);
  const run = useAct(
    (n: number) => {
      const phone = phones[n] as PhoneState;
      const sent = change(table, phone.base, phone.local);
      const operation = { op: "PATCH" as const, table: table.name, id: rowID(table.id), data: sent?.data, previousValues: sent?.previousValues };
      return body(client.POST("/api/v1/instances/{instance}/hooks/run", {
        params: { path: { instance: instance.id } },
        body: { of: "draft", config: withPolicy(draft, table.name, policy, merges), operation, user: { id: table.user, claims: table.role ? { role: table.role } : {} }, old: stored(table, server) },
      }));
    },
    { quiet: true, then: (verdict, n) => { settle(verdict, n); } },
  );
  /** After an upload the phone's queue is empty; whoever is online then sees what the server has. */
  const settle = (verdict: Verdict, n: number): void => {
    const now = verdict.outcome === "applied" && verdict.changes[0]?.new ? seen(table, verdict.changes[0].new) : server;
    setServer(now);
    setPhones((old) => old.map((p, i) => (i === n || (p.online && change(table, p.base, p.local) === undefined) ? { ...p, base: now, local: now } : p)));
    setLog((old) => [{ phone: names[n] ?? "", verdict }, ...old].slice(0, 30));
  };
  const set = (n: number, part: Partial<PhoneState>): void => { setPhones((old) => old.map((p, i) => (i === n ? { ...p, ...part } : p))); };
  const waits = (p: PhoneState): boolean => change(table, p.base, p.local) !== undefined;
  const online = (n: number, is: boolean): void => {
    const p = phones[n] as PhoneState;
    if (!is) { set(n, { online: false }); return; }
    set(n, waits(p) ? { online: true } : { online: true, base: server, local: server });
    if (waits(p)) run.mutate(n);
  };
  const restart = (): void => { setServer(begin); setPhones(fresh()); setLog([]); run.reset(); };
  return (
    <Stack gap="md">
      <Group align="flex-end">
        {choice}
        <NativeSelect label="Policy of the table" w={360} data={[{ value: own, label: plain(`as it is configured (${table.configured})`) }, ...policies]} value={policy} onChange={(e) => { setPolicy(e.currentTarget.value); }} />
        {policy === "merge" && table.columns.map((c) => (
          <NativeSelect key={c.name} label={plain(c.name)} w={130} data={mergesFor(c.type)} value={merges[c.name] ?? "last_write"} onChange={(e) => { setMerges({ ...merges, [c.name]: e.currentTarget.value }); }} />
        ))}
        <Button variant="default" onClick={restart}>Begin again</Button>
      </Group>
      <Group align="stretch" gap="md">
        {phones.map((p, n) => (
          <Phone key={names[n]} name={names[n] ?? ""} table={table} phone={p} waiting={waits(p)} busy={run.isPending} edit={(local) => { set(n, { local }); }} save={() => { if (p.online) run.mutate(n); }} setOnline={(is) => { online(n, is); }} />
        ))}
        <Card withBorder padding="md" component="section" aria-label="Server" flex={1} miw={260}>
          <Title order={2} size="h4">Server</Title>
          <Json label="the stored row" value={stored(table, server)} />
          <Text size="xs" c="dimmed">An imagined row: nothing is written to your database.</Text>
        </Card>
      </Group>
      {run.problem && <Failure title="The pipeline could not be asked" trouble={run.problem} />}
      {log.length === 0 ? <Text c="dimmed">Take phone B offline, change the same column on both, save on A, then on B, and bring B online again.</Text> : <Outcomes list={log} />}
    </Stack>
  );
}
