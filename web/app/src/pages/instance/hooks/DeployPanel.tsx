import { Alert, Group, List, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { Plain } from "../../../ui/Plain";
import { Waiting } from "../../../ui/Rows";
import { differencesOf, nothing } from "../deployments/diff";
import { DiffList } from "../deployments/DiffList";
import { useDeployment, type Deployed } from "../deployments/deployments";
import { textsOf } from "./project";
import { Where, type Open } from "./Where";
import type { ServerFinding, Workspace } from "./workspace";

interface Props {
  ws: Workspace;
  /** How many mistakes TypeScript sees: they do not stop a deployment. */
  mistakes: number;
  deploy: (message: string) => void;
  deploying: boolean;
  problem: Problem | undefined;
  deployed: Deployed | undefined;
  open: Open;
}

/** What would be deployed, and deploying it. */
export function DeployPanel({ ws, mistakes, deploy, deploying, problem, deployed, open }: Props): ReactNode {
  const [message, setMessage] = useState("");
  const number = ws.draft?.deployment ?? 0;
  const active = useDeployment(ws.instance, number);
  const unsaved = ws.items.filter((i) => i.unsaved).length;
  const list = useMemo(() => {
    if (!ws.draft || (number > 0 && !active.data)) return undefined;
    return differencesOf(active.data ? { config: active.data.config ?? "", files: active.data.files } : nothing, { config: ws.draft.config, files: textsOf(ws.items) });
  }, [ws.draft, ws.items, number, active.data]);
  return (
    <Stack gap="md">
      <form onSubmit={(e) => { e.preventDefault(); if (ws.mayDeploy === true && !deploying) deploy(message); }}>
        <Group align="flex-end">
          <TextInput label="Message" description="What changed, for people" value={message} maxLength={500} onChange={(e) => { setMessage(e.currentTarget.value); }} flex={1} miw={220} />
          <Action may={ws.mayDeploy} type="submit" loading={deploying}>{unsaved > 0 ? "Save and deploy" : "Deploy"}</Action>
        </Group>
      </form>
      {mistakes > 0 && <Text size="sm">TypeScript sees {mistakes === 1 ? "a mistake" : `${mistakes} mistakes`}. Deploying does not look at types: it compiles, loads and tests.</Text>}
      {problem && <Refused problem={problem} instance={ws.instance} open={open} />}
      {deployed && !problem && (
        <Alert color="teal" variant="light" title={`Deployment ${deployed.number} is active`} role="status">
          {deployed.pending ? "No runtime serves it yet: the overview says when one does. " : "Runtimes serve it. "}
          {deployed.hooks && `${deployed.hooks.tests.passed} of ${deployed.hooks.tests.count} tests passed. `}
          <Link href={to.deployment(ws.instance, deployed.number)}>See it</Link>
          {deployed.warnings.length > 0 && <Findings list={deployed.warnings} instance={ws.instance} open={open} />}
        </Alert>
      )}
      <section aria-label="What would be deployed">
        <Title order={3} size="h5" mb="xs">{number > 0 ? `What is new since deployment ${number}` : "What would be deployed"}</Title>
        {list ? <DiffList label="Files that would change" list={list} same="Nothing: the draft is what is deployed." /> : <Waiting lines={2} />}
      </section>
    </Stack>
  );
}

/** Why it was not deployed; each place can be gone to. */
function Refused({ problem, instance, open }: { problem: Problem; instance: string; open: Open }): ReactNode {
  return (
    <Alert color="red" variant="light" title="Nothing was deployed" role="alert">
      <Stack gap="xs">
        <Text size="sm"><Plain>{problem.message}</Plain></Text>
        {problem.hint && <Text size="sm" fw={600}><Plain>{problem.hint}</Plain></Text>}
        <Findings list={problem.errors as unknown as ServerFinding[]} instance={instance} open={open} />
        {problem.requestId && <Text size="xs" c="dimmed">Request <Plain>{problem.requestId}</Plain></Text>}
      </Stack>
    </Alert>
  );
}

function Findings({ list, instance, open }: { list: ServerFinding[]; instance: string; open: Open }): ReactNode {
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
