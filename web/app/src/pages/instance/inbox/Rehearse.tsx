import { Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { client } from "../../../api/client";
import { exact } from "../../../api/exact";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { LinkButton } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { Failure } from "../../../ui/Failure";
import { Part } from "./Facts";
import { Verdict, type VerdictBody } from "./Verdict";

/** Asks what the draft, or what is deployed, would make of a recorded case. Nothing is written. */
export function Rehearse({ kind, id }: { kind: "conflict" | "rejection"; id: string }): ReactNode {
  const { instance, may } = useHere();
  const run = useAct(
    (of: "draft" | "deployed") => exact<VerdictBody>(client.POST("/api/v1/instances/{instance}/hooks/run", {
      params: { path: { instance: instance.id } }, parseAs: "text", body: { of, ...(kind === "conflict" ? { conflict_id: id } : { rejection_id: id }) },
    })),
    { quiet: true },
  );
  return (
    <Part title="Try it out">
      <Text size="sm" c="dimmed">{kind === "conflict" ? "The conflict is met once more, over what was stored then." : "The transaction is written once more, over what is stored today."} Nothing is stored, sent or counted.</Text>
      <Group gap="xs">
        <Action variant="default" size="compact-sm" may={may("rehearsal:run")} loading={run.isPending && run.variables === "draft"} onClick={() => { run.mutate("draft"); }}>With the draft</Action>
        <Action variant="default" size="compact-sm" may={may("rehearsal:run")} loading={run.isPending && run.variables === "deployed"} onClick={() => { run.mutate("deployed"); }}>With what is deployed</Action>
        <LinkButton variant="default" size="compact-sm" href={to.hooks(instance.id, { panel: "run", on: `${kind}:${id}` })}>In the hooks editor</LinkButton>
      </Group>
      <Stack role="status" gap="sm">
        {run.problem && <Failure title="It could not be tried" trouble={run.problem} />}
        {run.data && <Verdict verdict={run.data} of={run.variables} />}
      </Stack>
    </Part>
  );
}
