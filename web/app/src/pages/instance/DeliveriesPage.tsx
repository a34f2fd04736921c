import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { Link, LinkButton } from "../../shell/Link";
import { Empty } from "../../ui/Empty";
import { Plain } from "../../ui/Plain";
import { Time } from "../../ui/Time";
import { Next } from "./delivery/Next";
import { InboxPage } from "./inbox/InboxPage";
import { Status } from "./inbox/Status";
import classes from "./inbox/inbox.module.css";

type Delivery = components["schemas"]["Delivery"];

const defaults = { status: "", outbox: "", kind: "", user: "" };

/** What goes out: webhooks and calls of afterCommit hooks. */
export default function DeliveriesPage(): ReactNode {
  const { instance, may } = useHere();
  const of = { params: { path: { instance: instance.id } } };
  return (
    <InboxPage<Delivery, typeof defaults>
      title="Deliveries" lead="Webhooks and calls of afterCommit hooks: what was to happen because of a write, at least once."
      kind="deliveries" nouns={["delivery", "deliveries"]} defaults={defaults}
      filters={(option) => [
        { key: "status", label: "Status", options: [option("", "All"), option("pending", "Pending"), option("dead", "Dead"), option("delivered", "Delivered"), option("discarded", "Discarded")] },
        { key: "kind", label: "Kind", options: [{ value: "", label: "All" }, { value: "webhook", label: "Webhooks" }, { value: "after_commit", label: "afterCommit" }] },
        { key: "outbox", label: "Outbox" },
        { key: "user", label: "User" },
      ]}
      read={(f, cursor) => body(client.GET("/api/v1/instances/{instance}/deliveries", { params: { ...of.params, query: {
        status: f.status ? [f.status as Delivery["status"]] : undefined, outbox: f.outbox || undefined, kind: (f.kind || undefined) as Delivery["kind"] | undefined, user_id: f.user || undefined, limit: 50, cursor,
      } } }))}
      deeds={[
        {
          label: "Deliver again", may: may("delivery:write"), words: { done: "due again", failed: "left as they are" }, title: (these) => `Deliver ${these} again?`,
          call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/deliveries/redeliver", { ...of, body: { ids } }))).outcomes,
          body: "Each is tried now, with all attempts ahead, under the id that it always had: a receiver that knows the id takes it once.",
        },
        {
          label: "Discard", danger: true, may: may("delivery:write"), words: { done: "discarded", failed: "not discarded", states: ["discarded"] }, title: (these) => `Discard ${these}?`,
          call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/deliveries/discard", { ...of, body: { ids } }))).outcomes,
          body: "Those that are not delivered yet are not tried any more. What was delivered stays so.",
        },
      ]}
      name={(d) => `the delivery to ${d.outbox} of ${d.user_id}`} selectable={() => true}
      label="Deliveries" head={["To", "State", "Last attempt", "Next", "User", "When"]} href={(id) => to.delivery(instance.id, id)}
      cells={(d) => [
        <><Link href={to.delivery(instance.id, d.id)} size="sm"><Plain>{d.outbox}</Plain></Link><Text size="xs" c="dimmed"><Plain>{d.table ?? ""}</Plain></Text></>,
        <><Status status={d.status} /><Text size="xs" c="dimmed">{d.attempts === 1 ? "one attempt" : `${d.attempts} attempts`}</Text></>,
        <div key="last" className={classes.why}>{d.last ? <><code><Plain>{d.last.code || `HTTP ${d.last.status ?? "–"}`}</Plain></code><Text size="xs" lineClamp={2}><Plain>{d.last.message ?? ""}</Plain></Text></> : "none yet"}</div>,
        <Next key="next" delivery={d} />,
        <Plain key="user">{d.user_id}</Plain>,
        <Time key="at" at={d.created_at} />,
      ]}
      empty={(narrowed) => (narrowed
        ? <Empty title="No delivery is like that">Others may be there: clear what narrows the list.</Empty>
        : <Empty title="Nothing was sent" action={<LinkButton href={to.hooks(instance.id)} variant="default">Hooks</LinkButton>}>A hook sends a webhook with <code>ctx.enqueue(outbox, payload)</code>, and runs after the commit as <code>afterCommit</code>.</Empty>)}
    />
  );
}
