import { Badge, Group, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { useHere } from "../../../shell/instance";
import { Listing } from "../../../shell/Listing";
import { allowed } from "../../../ui/allowed";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import { Undeployed } from "../enable/Undeployed";
import { useActivate, useDeployments, type Deployment } from "./deployments";

/** The deployments of the instance, the newest first; each can be made the active one again. */
export function DeploymentList(): ReactNode {
  const { instance, may } = useHere();
  const list = useDeployments(instance.id);
  const activate = useActivate(instance.id);
  return (
    <Listing list={list} label="Deployments" head={["Number", "Message", "By", "Made", "Hooks", ""]}
      empty={<Undeployed instance={instance.id} />}
      row={(d) => {
        const active = d.number === instance.deployment;
        return (
          <Table.Tr key={d.number}>
            <Table.Td><Group gap="xs" wrap="nowrap"><Link href={to.deployment(instance.id, d.number)}>{d.number}</Link>{active && <Badge color="teal" variant="light" miw="max-content">active</Badge>}{d.braked_at && <Badge color="red" variant="light" miw="max-content">taken back</Badge>}</Group></Table.Td>
            <Table.Td><Text size="sm"><Plain>{d.message || "–"}</Plain></Text></Table.Td>
            <Table.Td><Plain>{d.created_by_name ?? d.created_by}</Plain></Table.Td>
            <Table.Td><Time at={d.created_at} /></Table.Td>
            <Table.Td><Text size="sm">{hooksOf(d)}</Text></Table.Td>
            <Table.Td>
              <Action size="compact-sm" variant="default" may={allowed(may("deployment:write"), active && "This is the active deployment.")} loading={activate.isPending && activate.variables === d.number}
                onClick={() => { askToActivate(d, instance.deployment, () => { activate.mutate(d.number); }); }}>Roll back to {d.number}</Action>
            </Table.Td>
          </Table.Tr>
        );
      }} />
  );
}

/** Asks before another deployment serves. */
export function askToActivate(d: Pick<Deployment, "number" | "message">, active: number | null | undefined, go: () => void): void {
  confirm({
    title: `Make deployment ${d.number} the active one?`, action: `Activate ${d.number}`, danger: false, onConfirm: go,
    body: <>It is served in the place of deployment {active ?? "none"} within seconds, as it was compiled then: <Plain>{d.message || "(no message)"}</Plain>. Secrets and keys stay those of today. The draft stays as it is.</>,
  });
}

/** How a deployment's tests went. */
export function testsOf({ passed, count }: { passed: number; count: number }): string {
  return count === 0 ? "no tests" : `${passed} of ${count} ${count === 1 ? "test" : "tests"} passed`;
}

/** What a deployment has of hooks, in a few words. */
export function hooksOf(d: Pick<Deployment, "hooks">): string {
  if (!d.hooks) return "none";
  const files = d.hooks.functions.length;
  return `${files} ${files === 1 ? "file" : "files"}, ${testsOf(d.hooks.tests)}`;
}
