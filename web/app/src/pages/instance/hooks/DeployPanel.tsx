import { Alert, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { Waiting } from "../../../ui/Rows";
import { testsOf } from "../deployments/DeploymentList";
import { differencesOf, nothing } from "../deployments/diff";
import { DiffList } from "../deployments/DiffList";
import { useDeployment, type Deployed } from "../deployments/deployments";
import { textsOf } from "./project";
import { Findings, Refused } from "./Refused";
import type { Open } from "./Where";
import type { Workspace } from "./workspace";

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
      {problem && <Refused title="Nothing was deployed" problem={problem} instance={ws.instance} open={open} />}
      {deployed && !problem && (
        <Alert color="teal" variant="light" title={`Deployment ${deployed.number} is active`} role="status">
          {deployed.pending ? "No runtime serves it yet: the overview says when one does. " : "Runtimes serve it. "}
          {deployed.hooks && `Hooks: ${testsOf(deployed.hooks.tests)}. `}
          <Link href={to.deployment(ws.instance, deployed.number)}>See it</Link>
          {deployed.warnings.length > 0 && <Findings list={deployed.warnings} instance={ws.instance} open={open} />}
        </Alert>
      )}
      <section aria-label="What would be deployed">
        <Title order={2} size="h5" mb="xs">{number > 0 ? `What is new since deployment ${number}` : "What would be deployed"}</Title>
        {list ? <DiffList label="Files that would change" list={list} same="Nothing: the draft is what is deployed." /> : <Waiting lines={2} />}
      </section>
    </Stack>
  );
}
