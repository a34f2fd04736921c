import { Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { to } from "../../../paths";
import { Absent } from "../../../shell/Absent";
import { useAct } from "../../../shell/act";
import { useMay } from "../../../shell/me";
import { Action } from "../../../ui/Action";
import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import { Waiting } from "../../../ui/Rows";

/** The first step of the guide: an instance of its own, still empty. */
export default function NewInstancePage(): ReactNode {
  const { project = "" } = useParams({ strict: false }) as { project?: string };
  const read = api.useQuery("get", "/api/v1/projects/{project}", { params: { path: { project } } });
  const may = useMay(read.data?.organization_id, project);
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: "", kind: "development" as "development" | "production" }, validate: { name: (v) => (v.trim() ? null : "Give it a name.") } });
  const make = useAct((v: { name: string; kind: "development" | "production" }) => body(client.POST("/api/v1/projects/{project}/instances", { params: { path: { project } }, body: { name: v.name.trim(), kind: v.kind } })), {
    quiet: true,
    refresh: [["get", "/api/v1/projects/{project}/instances"]],
    then: (made) => { void navigate({ href: to.enable(made.id, "source") }); },
  });
  if (read.error && !read.data) return <Absent title="Project" problem={asProblem(read.error)} retry={() => { void read.refetch(); }} />;
  if (!read.data) return <Waiting />;
  return (
    <Page title="New instance" lead="One environment of your app: its own URLs, keys, database and configuration.">
      <form onSubmit={form.onSubmit((v) => { make.mutate(v); })}>
        <Stack gap="md" maw="34rem">
          <TextInput label="Name" placeholder="todo-development" required maxLength={100} data-autofocus {...form.getInputProps("name")} />
          <Radio.Group label="Kind" description="It never changes. A configuration moves from one to the other under Promote." {...form.getInputProps("kind")}>
            <Stack gap="xs" mt="xs">
              <Radio value="development" label="Development" description="May give tokens without a sign-in, for trying out." />
              <Radio value="production" label="Production" description="For your users: tokens for proven identities only." />
            </Stack>
          </Radio.Group>
          {make.problem && <Failure title="Not made" trouble={make.problem} />}
          <div><Action type="submit" may={may("instance:write")} loading={make.isPending}>Make it and go on</Action></div>
        </Stack>
      </form>
    </Page>
  );
}
