import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { exact, get, indented } from "../../api/exact";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { Action } from "../../ui/Action";
import { Code, Value } from "../../ui/Code";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Rows, Waiting } from "../../ui/Rows";
import { Time } from "../../ui/Time";
import { Link } from "../../shell/Link";
import { Next } from "./delivery/Next";
import { decoded } from "./inbox/bytes";
import { Facts, Part } from "./inbox/Facts";
import { Notice } from "./inbox/Notice";
import { Status } from "./inbox/Status";
import { trail } from "./inbox/Trail";

type Delivery = components["schemas"]["DeliveryOutputBody"];

/** One webhook or call of an afterCommit hook. */
export default function DeliveryPage(): ReactNode {
  const { instance, may } = useHere();
  const { delivery: id = "" } = useParams({ strict: false }) as { delivery?: string };
  const path = { params: { path: { instance: instance.id, delivery: id } } };
  const read = useQuery({
    queryKey: ["inbox", "delivery", instance.id, id], refetchInterval: 5_000,
    queryFn: () => exact<Delivery>(client.GET("/api/v1/instances/{instance}/deliveries/{delivery}", { ...path, parseAs: "text" })),
  });
  const refresh = [["inbox"]];
  const again = useAct(() => body(client.POST("/api/v1/instances/{instance}/deliveries/{delivery}/redeliver", path)), { done: "It is due now.", refresh });
  const discard = useAct(() => body(client.POST("/api/v1/instances/{instance}/deliveries/{delivery}/discard", path)), { done: "It is not tried any more.", refresh });
  if (read.error && !read.data) return <Page title="Delivery"><Failure title="This delivery cannot be shown" trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} /></Page>;
  if (!read.data) return <Page title="Delivery"><Waiting lines={6} /></Page>;
  const { value: d, text, node } = read.data;
  const content = get(node, "content");
  const settled = d.status === "delivered" || d.status === "discarded";
  return (
    <Page
      title={`Delivery to ${d.outbox}`} lead={d.kind === "webhook" ? "A signed webhook." : "A call of an afterCommit hook."}
      actions={<>
        <Action variant="default" loading={again.isPending} may={may("delivery:write") === true && d.under_way ? "It is being attempted right now." : may("delivery:write")}
          onClick={() => { confirm({ title: "Deliver it again?", body: "It is tried now, with all attempts ahead, under the same id: a receiver that knows the id takes it once.", action: "Deliver again", danger: false, onConfirm: () => { again.mutate(undefined); } }); }}>Deliver again</Action>
        <Action variant="light" color="red" loading={discard.isPending} may={may("delivery:write") === true && settled ? `It is ${d.status} already.` : may("delivery:write")}
          onClick={() => { confirm({ title: "Discard it?", body: "It is not tried any more. It can still be delivered again by hand, until its retention ends.", action: "Discard", onConfirm: () => { discard.mutate(undefined); } }); }}>Discard</Action>
      </>}
    >
      <Facts label="About the delivery" facts={[
        ["State", <Status key="state" status={d.status} />],
        ["Attempts", String(d.attempts)],
        ["Next try", d.status === "pending" && <Next delivery={d} />],
        ["Id (webhook-id)", <Value key="id" value={d.id} label="The delivery's id" />],
        ...trail(instance.id, d),
      ]} />
      <Part title="Last attempt">{d.last ? <Attempt attempt={d.last} /> : <Text size="sm">None has ended yet.</Text>}</Part>
      <Failed delivery={d} />
      <Part title="Payload">
        <Text size="sm" c="dimmed">{d.payload_bytes} bytes, sent as they are.</Text>
        {content ? <Code code={indented(text, content)} label="The payload" /> : <Code code={decoded(d.payload).text} label="The payload" />}
      </Part>
    </Page>
  );
}

function Attempt({ attempt }: { attempt: components["schemas"]["Attempt"] }): ReactNode {
  return (
    <Notice good={!attempt.code} title={<>{attempt.code ? <code><Plain>{attempt.code}</Plain></code> : "It was taken"} <Time at={attempt.at} /></>}>
      <Text size="sm"><Plain>{attempt.message ?? ""}</Plain>{attempt.status ? ` Answered with HTTP ${attempt.status}` : " There was no answer"}, after {attempt.duration_ms} ms.</Text>
      {attempt.excerpt && <><Text size="xs" c="dimmed" mt="xs">The beginning of the answer, or of the hook&apos;s log:</Text><Code code={attempt.excerpt} label="The answer" /></>}
    </Notice>
  );
}

/** The attempts that failed, from the log: as long as it is kept. */
function Failed({ delivery }: { delivery: Delivery }): ReactNode {
  const { instance } = useHere();
  const read = useQuery({
    queryKey: ["inbox", "delivery", instance.id, delivery.id, "log"], refetchInterval: 10_000, enabled: !!delivery.request_id,
    queryFn: () => body(client.GET("/api/v1/instances/{instance}/logs", { params: { path: { instance: instance.id }, query: { kind: "delivery", request_id: delivery.request_id, limit: 100 } } })) as Promise<components["schemas"]["PageLogEntry"]>,
  });
  const entries = read.data?.data.filter((e) => e.message?.includes(delivery.id)) ?? [];
  if (entries.length === 0) return null;
  return (
    <Part title="Attempts that failed" aside={<Link href={to.logs(instance.id, { request_id: delivery.request_id })} size="sm">All of the request&apos;s log</Link>}>
      <Rows label="Attempts that failed" head={["When", "Code", "Message"]}>
        {entries.map((e) => <Table.Tr key={e.id}><Table.Td><Time at={e.at} /></Table.Td><Table.Td><code><Plain>{e.code ?? ""}</Plain></code></Table.Td><Table.Td><Plain>{e.message ?? ""}</Plain></Table.Td></Table.Tr>)}
      </Rows>
    </Part>
  );
}
