import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { Failure } from "../../../ui/Failure";

/** Asks for the name of a new project. */
export function NewProject({ org, opened, onClose }: { org: string; opened: boolean; onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: "" } });
  const make = useAct((v: { name: string }) => body(client.POST("/api/v1/orgs/{org}/projects", { params: { path: { org } }, body: v })), {
    quiet: true, refresh: [["projects", org], ["get", "/api/v1/orgs/{org}/projects"]],
    then: (p) => { onClose(); void navigate({ href: to.project(p.id) }); },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="New project" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={form.onSubmit((v) => { make.mutate(v); })}>
        <Stack gap="sm">
          <TextInput label="Name" description="Usually the name of the app" required maxLength={100} data-autofocus {...form.getInputProps("name")} />
          {make.problem && <Failure title="No project was made" trouble={make.problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <Button type="submit" loading={make.isPending}>Make the project</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
