import { Group, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import type { Here } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { plain } from "../../../ui/plain";
import { Section } from "./Section";

/** The end of an instance. */
export function DangerSettings({ here }: { here: Here }): ReactNode {
  const { id, name } = here.instance;
  const navigate = useNavigate();
  const remove = useAct(() => body(client.DELETE("/api/v1/instances/{instance}", { params: { path: { instance: id } } })), {
    done: "The instance is deleted.", refresh: [["instances"], ["get", "/api/v1/projects/{project}/instances"]], then: () => { void navigate({ href: to.project(here.project.id) }); },
  });
  return (
    <Section title="Delete" lead="The instance, its configuration, hooks, secrets, keys and log are gone for good. Its database, and what Turnkey recorded there, stays as it is.">
      <Group>
        <Action color="red" may={here.may("instance:delete")} loading={remove.isPending} onClick={() => {
          confirm({ title: `Delete ${plain(name)}?`, action: "Delete the instance", typed: name, body: <Stack gap="xs"><Text size="sm">Devices that use it can no longer write, and what they have not sent yet stays on them. Its addresses are never given to anybody else.</Text><Text size="sm">This cannot be undone.</Text></Stack>, onConfirm: () => { remove.mutate(undefined); } });
        }}>Delete the instance</Action>
      </Group>
    </Section>
  );
}
