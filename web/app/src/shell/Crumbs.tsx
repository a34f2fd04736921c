import { Breadcrumbs } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../api/client";
import { to } from "../paths";
import { Plain } from "../ui/Plain";
import { plain } from "../ui/plain";
import classes from "./Crumbs.module.css";
import { Link } from "./Link";
import { useWhere } from "./nav";

/** Organization / project / instance, each a link. */
export function Crumbs(): ReactNode {
  const { org, project, instance } = useWhere();
  const o = api.useQuery("get", "/api/v1/orgs/{org}", { params: { path: { org: org ?? "" } } }, { enabled: !!org, staleTime: 60_000 });
  const p = api.useQuery("get", "/api/v1/projects/{project}", { params: { path: { project: project ?? "" } } }, { enabled: !!project, staleTime: 60_000 });
  const i = api.useQuery("get", "/api/v1/instances/{instance}", { params: { path: { instance: instance ?? "" } } }, { enabled: !!instance });
  const crumbs = [
    org && o.data && { href: to.organization(org), name: o.data.name },
    project && p.data && { href: to.project(project), name: p.data.name },
    instance && i.data && { href: to.instance(instance), name: i.data.name },
  ].filter((c) => !!c);
  if (crumbs.length === 0) return null;
  return (
    <nav aria-label="Where you are">
      <Breadcrumbs separatorMargin={6} className={classes.crumbs}>
        {crumbs.map((c) => <Link key={c.href} href={c.href} size="sm" className={classes.crumb} title={plain(c.name)}><Plain>{c.name}</Plain></Link>)}
      </Breadcrumbs>
    </nav>
  );
}
