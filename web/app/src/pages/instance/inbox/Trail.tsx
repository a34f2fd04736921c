import type { ReactNode } from "react";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Person, useColleagues } from "../../../shell/people";
import { Value } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";

interface Written {
  user_id: string;
  client_id?: string;
  table?: string;
  row_id?: string;
  request_id: string;
  deployment: number;
  created_at: string;
  settled_at?: string;
  settled_by?: string;
}

/** Where a write came from and where more is said about it: facts that all inboxes share. */
export function trail(instance: string, w: Written): [string, ReactNode][] {
  return [
    ["Table", w.table && <Plain>{w.table}</Plain>],
    ["Row", w.row_id && <Value value={w.row_id} label="The row's id" />],
    ["User", w.user_id && <Link href={to.logs(instance, { user_id: w.user_id })} size="sm"><Plain>{w.user_id}</Plain></Link>],
    ["Device", w.client_id && <Plain>{w.client_id}</Plain>],
    ["Arrived", <Time key="at" at={w.created_at} />],
    ["Deployment", <Link key="deployment" href={to.deployment(instance, w.deployment)} size="sm">{`No. ${w.deployment}`}</Link>],
    ["Request", w.request_id && (
      <span key="request">
        <Link href={to.logs(instance, { request_id: w.request_id })} size="sm" underline="always">Log</Link>, <Link href={to.trace(instance, w.request_id)} size="sm" underline="always">trace</Link>
      </span>
    )],
    ["Settled", w.settled_at && <Time key="settled" at={w.settled_at} />],
    ["Settled by", w.settled_by && <By key="by" id={w.settled_by} />],
  ];
}

function By({ id }: { id: string }): ReactNode {
  return <Person id={id} people={useColleagues(useHere().project.id)} />;
}
