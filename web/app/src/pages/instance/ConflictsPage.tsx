import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Plain } from "../../ui/Plain";
import { Time } from "../../ui/Time";
import { NoConflicts } from "./conflict/NoConflicts";
import { InboxPage, type Deed } from "./inbox/InboxPage";
import { Status } from "./inbox/Status";

type Conflict = components["schemas"]["Conflict"];

const defaults = { status: "waiting", table: "", user: "", outcome: "", deployment: "" };

/** Which states a choice of the filter asks for. */
const states: Record<string, Conflict["status"][] | undefined> = {
  waiting: ["open", "decided"], open: ["open"], decided: ["decided"], resolved: ["resolved"], dismissed: ["dismissed"], superseded: ["superseded"], all: undefined,
};

/** Writes that met what somebody else had changed. */
export default function ConflictsPage(): ReactNode {
  const { instance, may } = useHere();
  const of = { params: { path: { instance: instance.id } } };
  const taking = (label: string, take: "client" | "server" | "policy", text: string): Deed => ({
    label, may: may("conflict:write"), words: { done: "resolved", failed: "not resolved", states: ["resolved"] }, title: (these) => `${label} for ${these}?`,
    call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/conflicts/resolve", { ...of, body: { ids, take } }))).conflicts,
    body: <>{text} What was written to these columns since a conflict is left alone: such conflicts stay, and are listed. The case of an open conflict is closed as a whole.</>,
  });
  return (
    <InboxPage<Conflict, typeof defaults>
      title="Conflicts" lead="Writes that met a row which somebody else had changed, and where something else was stored than the device wrote."
      kind="conflicts" nouns={["conflict", "conflicts"]} defaults={defaults}
      filters={(option) => [
        {
          key: "status", label: "Status",
          options: [option("waiting", "Can be decided"), option("open", "Open"), option("decided", "Decided by policy"), option("resolved", "Resolved"), option("dismissed", "Dismissed"), option("superseded", "Superseded"), option("all", "All")],
        },
        { key: "outcome", label: "Outcome", options: [{ value: "", label: "All" }, { value: "recorded", label: "Left open" }, { value: "server", label: "The server's" }, { value: "merged", label: "Merged" }] },
        { key: "table", label: "Table" },
        { key: "user", label: "User" },
        { key: "deployment", label: "Deployment", placeholder: "number" },
      ]}
      read={(f, cursor) => body(client.GET("/api/v1/instances/{instance}/conflicts", { params: { ...of.params, query: {
        status: states[f.status], table: f.table || undefined, user_id: f.user || undefined, outcome: (f.outcome || undefined) as Conflict["outcome"] | undefined, deployment: Number(f.deployment) || undefined, limit: 50, cursor,
      } } }))}
      deeds={[
        taking("Take the device's", "client", "What the device wrote is stored."),
        taking("Keep the server's", "server", "What was stored when the device wrote is stored."),
        taking("By today's policy", "policy", "The policy that is deployed today decides once more."),
        {
          label: "Dismiss", danger: true, may: may("conflict:write"), words: { done: "dismissed", failed: "not dismissed", states: ["dismissed"] }, title: (these) => `Dismiss ${these}?`,
          call: async (ids) => (await body(client.POST("/api/v1/instances/{instance}/conflicts/dismiss", { ...of, body: { ids } }))).conflicts,
          body: "Nothing is written. The refused write of a conflict that is open is given up with it, and with what waits for it. This cannot be undone.",
        },
      ]}
      name={(c) => `the conflict on ${c.table} of ${c.user_id}`} selectable={(c) => c.status === "open" || c.status === "decided"}
      label="Conflicts" head={["What", "Columns", "Decided", "User", "When"]} href={(id) => to.conflict(instance.id, id)}
      cells={(c) => [
        <><Link href={to.conflict(instance.id, c.id)} size="sm"><Plain>{`${c.op} ${c.table}`}</Plain></Link><Text size="xs" c="dimmed"><Plain>{c.row_id}</Plain></Text></>,
        <Plain key="fields">{c.fields.map((f) => f.name).join(", ")}</Plain>,
        <><Status status={c.status} /><Text size="xs" c="dimmed"><Plain>{`${c.policy}: ${c.outcome}`}</Plain></Text></>,
        <Plain key="user">{c.user_id}</Plain>,
        <Time key="at" at={c.created_at} />,
      ]}
      empty={(narrowed) => <NoConflicts narrowed={narrowed} />}
    />
  );
}
