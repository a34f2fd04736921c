import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState, type ReactNode } from "react";
import { useHere } from "../../../shell/instance";
import { allowed } from "../../../ui/allowed";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { askToActivate } from "./DeploymentList";
import { useActivate, useReplayRejections, useRestore, type Whole } from "./deployments";

/** What can be done with a deployment. */
export function DeploymentActions({ of: d }: { of: Whole }): ReactNode {
  const { instance, may } = useHere();
  const activate = useActivate(instance.id);
  const replay = useReplayRejections(instance.id);
  const [restoring, setRestoring] = useState(false);
  const again = (): void => {
    replay.mutate(d.number, {
      onSuccess: (r) => {
        const applied = r.outcomes.filter((o) => o.status === "replayed").length;
        notifications.show({ color: "teal", message: `${applied} of ${r.outcomes.length} were applied.${r.more ? " There are more: replay again." : ""}` });
      },
    });
  };
  return (
    <>
      <Action may={allowed(may("deployment:write"), d.active && "This is the active deployment.")} loading={activate.isPending} onClick={() => { askToActivate(d, instance.deployment, () => { activate.mutate(d.number); }); }}>Activate</Action>
      <Action variant="default" may={may("config:write")} onClick={() => { setRestoring(true); }}>Put back into the draft</Action>
      <Action variant="default" may={may("rejection:write")} loading={replay.isPending}
        onClick={() => { confirm({ title: "Replay what this deployment refused?", action: "Replay", danger: false, body: "Every open rejection of this deployment is tried again, in order, by the rules and hooks of today. What is applied is gone from the inbox; what is refused stays.", onConfirm: again }); }}>
        Replay its rejections
      </Action>
      {replay.problem && <Failure trouble={replay.problem} title="They could not be replayed" />}
      <Restore number={d.number} opened={restoring} close={() => { setRestoring(false); }} />
    </>
  );
}

function Restore({ number, opened, close }: { number: number; opened: boolean; close: () => void }): ReactNode {
  const { instance } = useHere();
  const restore = useRestore(instance.id);
  const [files, setFiles] = useState(true);
  const [config, setConfig] = useState(false);
  return (
    <Modal opened={opened} onClose={close} title={`Put deployment ${number} back into the draft?`}>
      <form onSubmit={(e) => { e.preventDefault(); restore.mutate({ number, files, config }, { onSuccess: close }); }}>
        <Stack gap="md">
          <Text size="sm">What the draft has is replaced, for everybody who works on it. Nothing is deployed by that.</Text>
          <Checkbox label="Hook files: all that the draft has now are removed or replaced" checked={files} onChange={(e) => { setFiles(e.currentTarget.checked); }} />
          <Checkbox label="The configuration" checked={config} onChange={(e) => { setConfig(e.currentTarget.checked); }} />
          {restore.problem && <Failure trouble={restore.problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button type="submit" color="red" loading={restore.isPending} disabled={!files && !config}>Replace the draft</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
