import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";

/** Making an organization. */
export default function NewOrganizationPage(): ReactNode {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: "" } });
  const make = useAct((v: { name: string }) => body(client.POST("/api/v1/orgs", { body: v })), {
    quiet: true,
    then: (o) => { void queries.invalidateQueries(); void navigate({ href: to.organization(o.id) }); },
  });
  return (
    <Page title="New organization" lead="Projects and the people who work on them belong to an organization.">
      <form onSubmit={form.onSubmit((v) => { make.mutate(v); })}>
        <Stack gap="sm" maw={420}>
          <TextInput label="Name" required maxLength={100} {...form.getInputProps("name")} />
          {make.problem && <Failure trouble={make.problem} />}
          <Group><Button type="submit" loading={make.isPending}>Make the organization</Button></Group>
        </Stack>
      </form>
    </Page>
  );
}
