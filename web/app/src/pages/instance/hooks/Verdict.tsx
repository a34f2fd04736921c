import { Alert, Badge, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Code } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";
import { Rows } from "../../../ui/Rows";
import { Calls } from "./Calls";
import type { Open } from "./Where";

type V = components["schemas"]["Verdict"];

const outcomes = { applied: ["teal", "Would be written"], refused: ["red", "Would be refused"], held_back: ["yellow", "Would be sent again later"] } as const;

/** What would become of a write, with everything that leads there. Nothing of it was written. */
export function Verdict({ verdict: v, open }: { verdict: V; open: Open }): ReactNode {
  const [color, title] = outcomes[v.outcome];
  return (
    <Stack gap="md">
      <Alert color={color} variant="light" title={title} role="status">
        <Stack gap={4}>
          {v.message && <Text size="sm">{v.error_code && <><code><Plain>{v.error_code}</Plain></code> </>}<Plain>{v.message}</Plain> {v.hint && <Plain>{v.hint}</Plain>}</Text>}
          {v.detail && <Text size="sm">The database says: <Plain>{v.detail}</Plain></Text>}
          <Text size="sm">
            {(v.duration_us / 1000).toFixed(1)} ms, {v.database_calls} database {v.database_calls === 1 ? "call" : "calls"}, {v.hooks.length} hook {v.hooks.length === 1 ? "call" : "calls"}. Nothing was written
            {v.checked ? "; the database's constraints were asked." : "; the database's constraints were not asked."}
          </Text>
        </Stack>
      </Alert>
      {v.hooks.length > 0 && <section aria-label="Hook calls"><Title order={2} size="h5" mb="xs">Hook calls</Title><Calls calls={v.hooks} open={open} /></section>}
      {v.changes.map((c, n) => (
        <section key={n} aria-label={`Row ${n + 1}`}>
          <Group gap="xs" mb={4}><Title order={2} size="h5">{verbs[c.op] ?? c.op} <Plain>{`${c.table} ${c.id}`}</Plain></Title></Group>
          <Sides before={c.old} after={c.new} fields={c.fields} />
        </section>
      ))}
      {v.conflicts.map((c, n) => (
        <section key={n} aria-label={`Conflict ${n + 1}`}>
          <Group gap="xs" mb={4}>
            <Title order={2} size="h5">Conflict in <Plain>{`${c.table} ${c.id}`}</Plain></Title>
            <Badge variant="light" color="gray"><Plain>{`${c.policy}: ${c.outcome}`}</Plain></Badge>
          </Group>
          <Rows label="Columns in conflict" head={["Column", "Seen by the device", "Stored", "Written by the device", "Decided"]}>
            {c.fields.map((f) => (
              <Table.Tr key={f.name}>
                <Table.Th scope="row"><Plain>{f.name}</Plain></Table.Th>
                {[c.base, c.server, c.client, c.decided].map((side, m) => <Table.Td key={m}><Plain>{shown(side[f.name])}</Plain></Table.Td>)}
              </Table.Tr>
            ))}
          </Rows>
        </section>
      ))}
      {v.effects.map((e, n) => (
        <section key={n} aria-label={`After the commit ${n + 1}`}>
          <Title order={2} size="h5" mb={4}>After the commit: {e.kind === "webhook" ? <>webhook to <Plain>{e.outbox}</Plain></> : <>afterCommit of <Plain>{`${e.table ?? ""} ${e.id ?? ""}`}</Plain></>}</Title>
          <Code code={JSON.stringify(e.payload, null, 2)} label="Payload" />
        </section>
      ))}
    </Stack>
  );
}

const verbs: Record<string, string> = { insert: "Creates", update: "Changes", delete: "Deletes" };

/** A value in one line; undefined is what is not there. */
export function shown(v: unknown): string {
  return v === undefined ? "–" : JSON.stringify(v);
}

/** A row before and after, the fields that differ first and marked. */
function Sides({ before, after, fields }: { before: unknown; after: unknown; fields: string[] }): ReactNode {
  const old = (before ?? {}) as Record<string, unknown>;
  const now = (after ?? {}) as Record<string, unknown>;
  const names = [...fields, ...Object.keys({ ...old, ...now }).filter((n) => !fields.includes(n)).sort()];
  return (
    <Rows label="The row before and after" head={["Field", "Before", "After"]}>
      {names.map((n) => (
        <Table.Tr key={n}>
          <Table.Th scope="row" fw={fields.includes(n) ? 700 : 400}><Plain>{n}</Plain>{fields.includes(n) && <Text span size="xs" c="dimmed"> changes</Text>}</Table.Th>
          <Table.Td><Plain>{before === null ? "–" : shown(old[n])}</Plain></Table.Td>
          <Table.Td><Plain>{after === null ? "–" : shown(now[n])}</Plain></Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}
