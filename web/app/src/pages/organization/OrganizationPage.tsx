import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { Absent } from "../../shell/Absent";
import { Link, LinkButton } from "../../shell/Link";
import { Listing } from "../../shell/Listing";
import { useMay } from "../../shell/me";
import { Action } from "../../ui/Action";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { IconPlus } from "../../ui/icons";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { plain } from "../../ui/plain";
import { Waiting } from "../../ui/Rows";
import { instanceHead, InstanceRow } from "./project/InstanceRow";
import { NewProject } from "./project/NewProject";

/** An organization's projects, each with its instances. */
export default function OrganizationPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const may = useMay(org);
  const [asking, ask] = useDisclosure(false);
  const list = usePages(["projects", org], (cursor) => body(client.GET("/api/v1/orgs/{org}/projects", { params: { path: { org }, query: { cursor } } })));
  const make = <Action may={may("project:create")} leftSection={<IconPlus />} onClick={ask.open}>New project</Action>;
  if (list.problem && list.rows.length === 0) return <Absent title="Organization" problem={list.problem} retry={list.refresh} />;
  return (
    <Page title="Projects" lead="A project is one app; its instances are that app's environments." actions={list.rows.length > 0 ? make : undefined}>
      {list.waiting && <Waiting lines={5} />}
      {list.problem && <Failure trouble={list.problem} retry={list.refresh} />}
      {!list.waiting && list.rows.length === 0 && (
        <Empty title="No project yet" action={make}>Make one for each app. It will hold a development instance, to try things in, and a production one.</Empty>
      )}
      {list.rows.map((p) => <ProjectCard key={p.id} project={p} org={org} />)}
      {list.more && <Group justify="center"><Button variant="default" loading={list.loadingMore} onClick={list.more}>Show more projects</Button></Group>}
      <NewProject org={org} opened={asking} onClose={ask.close} />
    </Page>
  );
}

function ProjectCard({ project, org }: { project: components["schemas"]["Project"]; org: string }): ReactNode {
  const may = useMay(org, project.id);
  const list = usePages(["instances", project.id], (cursor) => body(client.GET("/api/v1/projects/{project}/instances", { params: { path: { project: project.id }, query: { cursor } } })));
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label={plain(project.name)}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4"><Link href={to.project(project.id)} inherit><Plain>{project.name}</Plain></Link></Title>
          {may("instance:write") === true
            ? <LinkButton size="compact-sm" variant="default" href={to.newInstance(project.id)}>New instance</LinkButton>
            : <Action size="compact-sm" variant="default" may={may("instance:write")}>New instance</Action>}
        </Group>
        <Listing list={list} label={`Instances of ${plain(project.name)}`} head={instanceHead} row={(i) => <InstanceRow key={i.id} instance={i} />}
          empty={<Text c="dimmed" size="sm">No instance yet. Make one to point it at a database and get the URLs for the app.</Text>} />
      </Stack>
    </Paper>
  );
}
