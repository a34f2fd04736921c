import { Accordion, Badge, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Json } from "../../../ui/Json";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Logs } from "./Logs";
import { Where, type Open } from "./Where";

type Call = components["schemas"]["HookCall"];

/** Each call of a hook: what it was given, what it said, what came of it. */
export function Calls({ calls, open }: { calls: Call[]; open: Open }): ReactNode {
  const first = calls.map((c, n) => (c.failure || c.rejection || c.logs.length > 0 ? String(n) : "")).filter(Boolean);
  return (
    <Accordion multiple defaultValue={first} variant="contained" order={3}>
      {calls.map((c, n) => (
        <Accordion.Item key={n} value={String(n)}>
          <Accordion.Control>
            <Group gap="xs">
              <Text size="sm" fw={600}><Plain>{`${c.function} of ${c.name}`}</Plain></Text>
              <Badge size="sm" variant="light" color={c.failure ? "red" : c.rejection ? "orange" : "teal"}><Plain>{c.result}</Plain></Badge>
              <Text size="xs" c="dimmed">{(c.duration_us / 1000).toFixed(2)} ms, {c.db_calls} database {c.db_calls === 1 ? "call" : "calls"}</Text>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Stack gap="sm">
              {c.rejection && <Text size="sm">Refused: <code><Plain>{c.rejection.code}</Plain></code> <Plain>{c.rejection.message}</Plain></Text>}
              {c.reason && <Text size="sm">Dropped: <Plain>{c.reason}</Plain></Text>}
              {c.failure && (
                <div>
                  <Text size="sm"><code><Plain>{c.failure.code}</Plain></code> <Plain>{c.failure.message}</Plain> {c.failure.hint && <Plain>{c.failure.hint}</Plain>}</Text>
                  {c.failure.file && <Where path={c.failure.file} line={c.failure.line} column={c.failure.column} open={open} />}
                  {c.failure.stack && c.failure.stack.length > 1 && (
                    <Stack gap={0} mt={4}>
                      {c.failure.stack.map((f, m) => <Text key={m} size="xs" component="div">at <Plain>{f.function || "(top level)"}</Plain> <Where path={f.file} line={f.line} column={f.column} open={open} /></Text>)}
                    </Stack>
                  )}
                </div>
              )}
              <Logs lines={c.logs} dropped={c.logs_dropped} open={open} />
              <Json value={c.argument} label={plain(`The argument of ${c.function}`)} />
              {c.value !== undefined && <Json value={c.value} label={plain(`What ${c.function} returned`)} />}
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
