import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Empty } from "../../ui/Empty";
import { Plain } from "../../ui/Plain";
import { Time } from "../../ui/Time";
import { arrange, type Placed } from "./inbox/groups";
import { InboxPage } from "./inbox/InboxPage";
import { Status } from "./inbox/Status";
import classes from "./inbox/inbox.module.css";

type Rejection = components["schemas"]["Rejection"];

const defaults = { status: "waiting", table: "", user: "", code: "", deployment: "" };

const states: Record<string, Rejection["status"][] | undefined> = {
  waiting: ["open", "held"], open: ["open"], held: ["held"], replayed: ["replayed"], discarded: ["discarded"], superseded: ["superseded"], all: undefined,
};

/** Writes that were refused for good, with what waits for them. */
export default function RejectionsPage(): ReactNode {
  const { instance, may } = useHere();
  const of = { params: { path: { instance: instance.id } } };
  return (
    <InboxPage<Rejection, typeof defaults>
      title="Rejections" lead="Writes that were refused for good. Their devices went on; nothing is lost: each is kept whole, to be replayed, edited or discarded."
      kind="rejections" nouns={["write", "writes"]} defaults={defaults}
      filters={(option) => [
        {
          key: "status", label: "Status",
          options: [option("waiting", "Waiting"), option("open", "Open"), option("held", "Held by another"), option("replayed", "Replayed"), option("discarded", "Discarded"), option("superseded", "Superseded"), option("all", "All")],
        },
        { key: "code", label: "Error code", placeholder: "UNAUTHORIZED" },
        { key: "table", label: "Table" },
        { key: "user", label: "User" },
        { key: "deployment", label: "Deployment", placeholder: "number" },
      ]}
      read={(f, cursor) => body(client.GET("/api/v1/instances/{instance}/rejections", { params: { ...of.params, query: {
        status: states[f.status], table: f.table || undefined, user_id: f.user || undefined, error_code: f.code || undefined, deployment: Number(f.deployment) || undefined, limit: 50, cursor,
      } } }))}
      arrange={arrange}
      deeds={[
        {
          label: "Replay in order", may: may("rejection:write"), words: { done: "replayed", failed: "refused again", states: ["replayed"] }, title: (these) => `Replay ${these}?`,
          call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/rejections/replay", { ...of, body: { ids } }))).outcomes,
          body: "They are written now, oldest first, in the names of their users and by the rules of today, over what is stored today. What waits for one of them goes with it.",
        },
        {
          label: "Discard", danger: true, may: may("rejection:write"), words: { done: "discarded", failed: "not discarded", states: ["discarded"] }, title: (these) => `Discard ${these}?`,
          call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/rejections/discard", { ...of, body: { ids } }))).outcomes,
          body: "They are never applied, and neither is what waits for them. They stay readable until their retention ends. This cannot be undone.",
        },
      ]}
      name={(r) => `the write to ${r.table} of ${r.user_id}`} selectable={(r) => r.status === "open" || r.status === "held"}
      label="Refused writes" head={["What", "Why", "State", "User", "When"]} href={(id) => to.rejection(instance.id, id)}
      cells={(r, placed) => [
        <><Link href={to.rejection(instance.id, r.id)} size="sm"><Plain>{r.table || "transaction"}</Plain></Link><Text size="xs" c="dimmed"><Plain>{r.row_id}</Plain></Text></>,
        <div key="why" className={classes.why}><code><Plain>{r.error_code}</Plain></code><Text size="xs" lineClamp={2}><Plain>{r.message}</Plain></Text></div>,
        <State key="state" rejection={r} placed={placed} instance={instance.id} />,
        <Plain key="user">{r.user_id}</Plain>,
        <Time key="at" at={r.created_at} />,
      ]}
      empty={(narrowed) => (narrowed
        ? <Empty title="No refused write is like that">Others may be there: clear what narrows the list.</Empty>
        : <Empty title="Nothing was refused">A write that a rule, a hook or the database refuses for good leaves the device&apos;s queue, and waits here for a decision.</Empty>)}
    />
  );
}

function State({ rejection, placed, instance }: { rejection: Rejection; placed: Placed<Rejection>; instance: string }): ReactNode {
  return (
    <>
      <Status status={rejection.status} />
      {placed.orphan && rejection.status === "held" && <Text size="xs">waits for <Link href={to.rejection(instance, rejection.group)} size="xs" underline="always">another</Link></Text>}
      {placed.child && rejection.status === "held" && <Text size="xs" c="dimmed">waits for the one above</Text>}
      {rejection.attempts > 0 && <Text size="xs" c="dimmed">{rejection.attempts === 1 ? "one replay failed" : `${rejection.attempts} replays failed`}</Text>}
    </>
  );
}
