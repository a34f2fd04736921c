import { Badge, Group, List, Progress, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { asProblem } from "../../../api/problem";
import { Action } from "../../../ui/Action";
import { Code } from "../../../ui/Code";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows } from "../../../ui/Rows";
import { Logs } from "./Logs";
import { Where, type Open } from "./Where";

type Result = components["schemas"]["HookTestOutputBody"];
type Test = components["schemas"]["TestResult"];

interface Props {
  result: Result | undefined;
  error: unknown;
  running: boolean;
  run: () => void;
  may: true | string;
  open: Open;
}

/** The tests of the files as they are here, saved or not, and what they reached. */
export function TestsPanel({ result, error, running, run, may, open }: Props): ReactNode {
  const failed = result?.tests.filter((t) => !t.passed) ?? [];
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="sm" role="status">{result ? sentence(result, failed.length) : "Tests run on the server, the same way as when you deploy."}</Text>
        <Action may={may} size="compact-sm" loading={running} onClick={run}>Run the tests</Action>
      </Group>
      {error != null && <Failure trouble={asProblem(error)} title="The tests could not be run" retry={run} />}
      {result && result.errors.length > 0 && (
        <List size="sm" listStyleType="none" aria-label="Why tests could not be run">
          {result.errors.filter((e) => e.code !== "test_failed").map((e, n) => <List.Item key={n}><Where path={e.path} line={e.line} column={e.column} open={open} /> <Plain>{e.message}</Plain></List.Item>)}
        </List>
      )}
      {result && result.tests.length === 0 && result.errors.length === 0 && (
        <Empty title="No tests yet">A file that ends in .test.ts is a test; make one from the template. Conflicts and rejections can be saved as tests from their pages.</Empty>
      )}
      {result && result.tests.length > 0 && (
        <List listStyleType="none" spacing="xs" aria-label="Tests">
          {[...failed, ...result.tests.filter((t) => t.passed)].map((t, n) => <List.Item key={n}><One test={t} open={open} /></List.Item>)}
        </List>
      )}
      {result && result.coverage.length > 0 && (
        <section aria-label="Coverage">
          <Title order={2} size="h5" mb="xs">Branches that a test took</Title>
          <Rows label="Coverage by file" head={["File", "Branches", "Never taken at"]}>
            {result.coverage.map((c) => (
              <Table.Tr key={c.file}>
                <Table.Th scope="row"><Where path={c.file} open={open} /></Table.Th>
                <Table.Td><Group gap="xs"><Progress value={c.total ? (100 * c.taken) / c.total : 100} w={120} aria-label={`${c.taken} of ${c.total} branches`} /><Text size="sm">{c.taken} of {c.total}</Text></Group></Table.Td>
                <Table.Td><Group gap={6}>{c.missed.map((line) => <Where key={line} path={c.file} line={line} open={open} />)}</Group></Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        </section>
      )}
    </Stack>
  );
}

function sentence(r: Result, failed: number): string {
  if (r.tests.length === 0) return r.errors.length > 0 ? "The tests could not be run." : "There are no tests.";
  return failed === 0 ? `All ${r.tests.length} passed in ${r.duration_ms} ms.` : `${failed} of ${r.tests.length} failed: with that the draft cannot be deployed.`;
}

function One({ test: t, open }: { test: Test; open: Open }): ReactNode {
  const e = t.failure?.expectation;
  return (
    <Stack gap={4}>
      <Group gap="xs" align="baseline">
        <Badge size="sm" variant="light" color={t.passed ? "teal" : "red"} miw={64}>{t.passed ? "passed" : "failed"}</Badge>
        <Text size="sm" fw={600}><Plain>{t.name}</Plain></Text>
        <Where path={t.file} line={t.failure?.line ?? t.line} open={open} />
        <Text size="xs" c="dimmed">{(t.duration_us / 1000).toFixed(1)} ms</Text>
      </Group>
      {t.failure && <Text size="sm"><Plain>{t.failure.message}</Plain> {t.failure.hint && <Plain>{t.failure.hint}</Plain>}</Text>}
      {e && <Code label={`Expected and received`} code={`${e.matcher}\nexpected ${e.expected ?? "(nothing)"}\nreceived ${e.received ?? "(nothing)"}`} />}
      <Logs lines={t.logs} open={open} />
    </Stack>
  );
}
