import { Alert, Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { Link } from "../../../shell/Link";
import type { Here } from "../../../shell/instance";
import { Failure } from "../../../ui/Failure";
import { Waiting } from "../../../ui/Rows";
import { Difference } from "./Difference";
import { Findings } from "./Findings";
import type { Draft } from "./useDraft";

interface Props {
  here: Here;
  draft: Draft;
  opened: boolean;
  onClose: () => void;
  go: (path: string) => void;
}

/** Asks what changed, shows the difference to what is deployed, and tells what came of deploying. */
export function Deploy({ opened, onClose, here, ...rest }: Props): ReactNode {
  const production = here.instance.kind === "production";
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title={production ? "Deploy to production" : "Deploy"} closeButtonProps={{ "aria-label": "Close" }}>
      <Deploying here={here} onClose={onClose} {...rest} />
    </Modal>
  );
}

function Deploying({ here, draft, onClose, go }: Omit<Props, "opened">): ReactNode {
  const { id, deployment } = here.instance;
  const [message, setMessage] = useState("");
  const active = api.useQuery("get", "/api/v1/instances/{instance}/deployments/{number}", { params: { path: { instance: id, number: String(deployment) } } }, { enabled: deployment > 0 });
  const deploy = useAct((m: string) => body(client.POST("/api/v1/instances/{instance}/deployments", { params: { path: { instance: id } }, body: { message: m } })), {
    quiet: true, refresh: [["get", "/api/v1/instances/{instance}"], ["get", "/api/v1/instances/{instance}/deployments"], ["deployments", id], ["instances"]],
  });
  const jump = (path: string): void => { onClose(); go(path); };
  if (deploy.data) {
    const d = deploy.data;
    return (
      <Stack gap="sm">
        <Alert color={d.pending ? "yellow" : "teal"} variant="light" title={`Deployment ${d.number} is made`} role="status">
          {d.pending ? "No runtime serves it yet. It will reach them on its own; the overview tells when." : "It is being served."} <Link href={to.deployment(id, d.number)} size="sm">Open it</Link>
        </Alert>
        <Findings instance={id} errors={[]} warnings={d.warnings} go={jump} />
        <Group justify="flex-end"><Button onClick={onClose}>Done</Button></Group>
      </Stack>
    );
  }
  const run = (): void => { deploy.mutate(message); };
  const was = active.data?.config ?? "";
  const comparing = deployment > 0 && active.isPending; // what comes moves the buttons: nothing is pressed until it is there
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (draft.unsaved) draft.save(run); else run(); }}>
      <Stack gap="sm">
        {deployment === 0 && <Text size="sm">This is the first deployment: from then on the instance takes writes.</Text>}
        {comparing && <Waiting lines={4} />}
        {deployment > 0 && active.data && (was === draft.text
          ? <Text size="sm">The configuration is the one of deployment {deployment}. Hook files may differ; they are deployed with it.</Text>
          : <><Text size="sm">What changes in the configuration against deployment {deployment}:</Text><Difference from={was} to={draft.text} label={`Difference to deployment ${deployment}`} /></>)}
        <Textarea label="Message" description="What changed, for people; shown in the list of deployments" maxLength={500} autosize minRows={2} value={message} onChange={(e) => { setMessage(e.currentTarget.value); }} data-autofocus />
        {draft.refused && <Failure title="It was not saved, so it was not deployed" trouble={draft.refused} />}
        {deploy.problem && (deploy.problem.errors.length > 0
          ? <Findings instance={id} errors={deploy.problem.errors.map((e) => ({ ...e, path: e.path ?? "" }))} warnings={[]} go={jump} errorsTitle="It was not deployed" />
          : <Failure title="It was not deployed" trouble={deploy.problem} />)}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={deploy.isPending || draft.saving} disabled={draft.stale || comparing}>{draft.unsaved ? "Save and deploy" : "Deploy"}</Button>
        </Group>
      </Stack>
    </form>
  );
}
