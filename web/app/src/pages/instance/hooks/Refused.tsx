import { Alert, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { Where, type Open } from "./Where";
import type { ServerFinding } from "./workspace";

/** Why the server would not; each place can be gone to. */
export function Refused({ title, problem, instance, open }: { title: string; problem: Problem; instance: string; open: Open }): ReactNode {
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Stack gap="xs">
        <Text size="sm"><Plain>{problem.message}</Plain></Text>
        {problem.hint && <Text size="sm" fw={600}><Plain>{problem.hint}</Plain></Text>}
        <Findings list={problem.errors as unknown as ServerFinding[]} instance={instance} open={open} />
        {problem.requestId && <Text size="xs" c="dimmed">Request <Plain>{problem.requestId}</Plain></Text>}
      </Stack>
    </Alert>
  );
}

/** Findings of the server about files and the configuration. */
export function Findings({ list, instance, open }: { list: ServerFinding[]; instance: string; open: Open }): ReactNode {
  if (list.length === 0) return null;
  return (
    <List size="sm" spacing={4}>
      {list.map((f, n) => (
        <List.Item key={n}>
          {/^(hooks|lib)\//.test(f.path) ? <Where path={f.path} line={f.line} column={f.column} open={open} /> : <Link size="sm" href={to.configuration(instance, f.path)}><Plain>{f.path}</Plain></Link>}
          {" "}<Plain>{f.message}</Plain> {f.hint && <Plain>{f.hint}</Plain>}
          {f.expectation && <Text size="sm" ff="monospace"><Plain>{`${f.expectation.matcher}: expected ${f.expectation.expected ?? "(nothing)"}, received ${f.expectation.received ?? "(nothing)"}`}</Plain></Text>}
        </List.Item>
      ))}
    </List>
  );
}
