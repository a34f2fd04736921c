import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { body, client } from "../../api/client";
import { exact, get, indented, textOf } from "../../api/exact";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Action } from "../../ui/Action";
import { Code } from "../../ui/Code";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Decide, type Conflict } from "./conflict/Decide";
import { Facts, Part } from "./inbox/Facts";
import { Rehearse } from "./inbox/Rehearse";
import { Report } from "./inbox/Report";
import { summarise, type Results } from "./inbox/results";
import { SaveTest } from "./inbox/SaveTest";
import { Status } from "./inbox/Status";
import { trail } from "./inbox/Trail";

/** One write that met what somebody else had changed. */
export default function ConflictPage(): ReactNode {
  const { conflict: id = "" } = useParams({ strict: false }) as { conflict?: string };
  return <OneConflict key={id} id={id} />;
}

function OneConflict({ id }: { id: string }): ReactNode {
  const { instance, may } = useHere();
  const path = { params: { path: { instance: instance.id, conflict: id } } };
  const read = useQuery({
    queryKey: ["inbox", "conflict", instance.id, id], refetchInterval: 10_000,
    queryFn: () => exact<Conflict>(client.GET("/api/v1/instances/{instance}/conflicts/{conflict}", { ...path, parseAs: "text" })),
  });
  const c = read.data?.value;
  const rejection = c?.status === "open" ? c.rejection_id : undefined;
  const others = useQuery({
    queryKey: ["inbox", "conflicts of", instance.id, rejection], enabled: !!rejection,
    queryFn: () => body(client.GET("/api/v1/instances/{instance}/conflicts", { params: { path: { instance: instance.id }, query: { rejection_id: rejection, status: ["open"], limit: 100 } } })),
  });
  const [results, setResults] = useState<Results>();
  const dismiss = useAct(() => body(client.POST("/api/v1/instances/{instance}/conflicts/{conflict}/dismiss", path)), { done: "It was dismissed.", refresh: [["inbox"]] });
  if (read.error && !read.data) return <Page title="Conflict"><Failure title="This conflict cannot be shown" trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} /></Page>;
  if (!read.data || !c) return <Page title="Conflict"><Waiting lines={6} /></Page>;
  const { text, node } = read.data;
  const open = c.status === "open" || c.status === "decided";
  const resolution = get(node, "resolution");
  const claims = get(node, "claims");
  return (
    <Page
      title={`Conflict on ${c.table}`}
      lead={c.status === "open" ? "Nothing was stored: the whole transaction waits for a decision." : "A policy decided, and its values were stored. The device wrote something else."}
      actions={<>
        <SaveTest kind="conflicts" id={c.id} />
        <Action variant="light" color="red" loading={dismiss.isPending} may={may("conflict:write") === true && !open ? `It was ${c.status} already.` : may("conflict:write")}
          onClick={() => { confirm({ title: "Dismiss this conflict?", body: c.status === "open" ? "Nothing is written. Its transaction is given up with it, and what waits for that. This cannot be undone." : "What is stored stays as it is.", action: "Dismiss", onConfirm: () => { dismiss.mutate(undefined); } }); }}>Dismiss</Action>
      </>}
    >
      <Report told={results && { results }} href={(other) => (other.startsWith("rej_") ? to.rejection(instance.id, other) : to.conflict(instance.id, other))} close={() => { setResults(undefined); }} />
      <Facts label="About the conflict" facts={[
        ["State", <Status key="state" status={c.status} />],
        ["Operation", <Plain key="op">{`${c.op}, number ${c.operation + 1} of its transaction`}</Plain>],
        ["Decided by", <Plain key="policy">{`${c.policy}: ${c.outcome}`}</Plain>],
        ["Refused write", c.rejection_id && <Link href={to.rejection(instance.id, c.rejection_id)} size="sm">The case&apos;s transaction</Link>],
        ...trail(instance.id, c),
      ]} />
      {c.current === undefined && open && <Text size="sm">The row is gone, or cannot be read as the table is configured today.</Text>}
      <Decide key={c.status} read={read.data} others={(others.data?.data ?? []).filter((o) => o.id !== c.id)} done={(out) => {
        setResults(summarise({ done: "resolved", failed: "not resolved", states: ["resolved", "replayed"] }, out.conflicts.map((o) => o.id), [...out.conflicts, ...out.rejections.filter((r) => r.id !== c.rejection_id)]));
      }} />
      {resolution && <Part title="How it was resolved"><Code code={indented(text, resolution)} label="The resolution" /></Part>}
      <Rehearse kind="conflict" id={c.id} />
      {claims && <Part title="The user's claims"><Group gap="xs"><Text size="sm" c="dimmed">A resolution is written in the user&apos;s name, with these.</Text></Group><Code code={indented(textOf(text, claims))} label="The claims" /></Part>}
    </Page>
  );
}
