import { List } from "@mantine/core";
import { Navigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { Link, LinkButton } from "../../shell/Link";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";

/** The start: the organization, when there is but one. */
export default function HomePage(): ReactNode {
  const list = api.useQuery("get", "/api/v1/orgs", {});
  if (list.error && !list.data) return <Page title="Home"><Failure trouble={asProblem(list.error)} retry={() => { void list.refetch(); }} /></Page>;
  if (!list.data) return <Waiting />;
  const [first, ...others] = list.data.data ?? [];
  if (first && others.length === 0) return <Navigate to={to.organization(first.id)} replace />;
  return (
    <Page title="Your organizations">
      {first
        ? <List listStyleType="none" withPadding={false} spacing="sm">{[first, ...others].map((o) => <List.Item key={o.id}><Link href={to.organization(o.id)} size="lg"><Plain>{o.name}</Plain></Link></List.Item>)}</List>
        : <Empty title="You belong to no organization yet" action={<LinkButton href={to.newOrganization()}>Make an organization</LinkButton>}>Projects and the people who work on them belong to one.</Empty>}
    </Page>
  );
}
