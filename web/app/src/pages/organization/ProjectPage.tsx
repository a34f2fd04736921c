import { useDisclosure } from "@mantine/hooks";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, body, client, tagged } from "../../api/client";
import { usePages } from "../../api/pages";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { Absent } from "../../shell/Absent";
import { useAct } from "../../shell/act";
import { LinkButton } from "../../shell/Link";
import { Listing } from "../../shell/Listing";
import { useMay } from "../../shell/me";
import { Rename } from "../../shell/Rename";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Empty } from "../../ui/Empty";
import { IconPlus } from "../../ui/icons";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { instanceHead, InstanceRow } from "./project/InstanceRow";

/** A project with its instances. */
export default function ProjectPage(): ReactNode {
  const { project: id = "" } = useParams({ strict: false }) as { project?: string };
  const params = { path: { project: id } };
  const navigate = useNavigate();
  const [renaming, rename] = useDisclosure(false);
  const project = api.useQuery("get", "/api/v1/projects/{project}", { params });
  const may = useMay(project.data?.organization_id, id);
  const mayDelete = useMay(project.data?.organization_id)("project:delete");
  const list = usePages(["instances", id], (cursor) => body(client.GET("/api/v1/projects/{project}/instances", { params: { path: { project: id }, query: { cursor } } })));
  const remove = useAct(() => body(client.DELETE("/api/v1/projects/{project}", { params })), {
    done: "The project is deleted.", refresh: [["projects"], ["get", "/api/v1/orgs/{org}/projects"]],
    then: () => { void navigate({ href: project.data ? to.organization(project.data.organization_id) : to.home() }); },
  });
  if (project.error && !project.data) return <Absent title="Project" problem={asProblem(project.error)} retry={() => { void project.refetch(); }} />;
  if (!project.data) return <Waiting lines={5} />;
  const p = project.data;
  const empty = list.waiting ? "The instances are still being read." : list.rows.length > 0 ? "Delete its instances first: only an empty project can be deleted." : true;
  const make = may("instance:write") === true
    ? <LinkButton href={to.newInstance(id)} leftSection={<IconPlus />}>New instance</LinkButton>
    : <Action may={may("instance:write")} leftSection={<IconPlus />}>New instance</Action>;
  return (
    <Page title={p.name} lead="Instances are the environments of an app: each has its own URLs, keys, database and configuration." actions={
      <>
        <Action variant="default" may={may("project:write")} onClick={rename.open}>Rename</Action>
        <Action variant="default" may={mayDelete === true ? empty : mayDelete} loading={remove.isPending} onClick={() => {
          confirm({ title: "Delete the project?", body: "It is empty. Its name is gone for good; nothing else is lost.", action: "Delete the project", typed: p.name, onConfirm: () => { remove.mutate(); } });
        }}>Delete</Action>
        {list.rows.length > 0 && make}
      </>
    }>
      <Listing list={list} label="Instances" head={instanceHead} row={(i) => <InstanceRow key={i.id} instance={i} />}
        empty={<Empty title="No instance yet" action={make}>Point one at a database, say who may write what, and give its URLs to the app.</Empty>} />
      <Rename title="Rename the project" opened={renaming} onClose={rename.close}
        read={async () => tagged(await client.GET("/api/v1/projects/{project}", { params })) as { value: { name: string }; tag: string }}
        save={(name, tag) => body(client.PATCH("/api/v1/projects/{project}", { params: { ...params, header: { "If-Match": tag } }, body: { name } }))}
        refresh={[["projects"], ["get", "/api/v1/projects/{project}"], ["get", "/api/v1/orgs/{org}/projects"]]} />
    </Page>
  );
}
