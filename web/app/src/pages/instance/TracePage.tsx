import { Badge, Card, Group, Stack, Table, Text, Timeline, Title } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Rows, Waiting } from "../../ui/Rows";
import { HookLink } from "./observe/HookLink";
import { many, took } from "./observe/numbers";
import { Steps } from "./observe/Steps";
import { outcomes, summaryOf } from "./observe/words";

type Traced = components["schemas"]["TracedTransaction"];
type Trace = components["schemas"]["RequestTrace"];

/** One request, from what the device sent to what became of it. */
export default function TracePage(): ReactNode {
  const { instance } = useHere();
  const { request = "" } = useParams({ strict: false }) as { request?: string };
  const q = api.useQuery("get", "/api/v1/instances/{instance}/traces/{request}", { params: { path: { instance: instance.id, request } } });
  return (
    <Page title="One write" lead={<>Request <code><Plain>{request}</Plain></code></>}>
      {q.error ? <Failure trouble={asProblem(q.error)} retry={() => { void q.refetch(); }} title="This request is not in the log" /> : q.data ? <Story trace={q.data} instance={instance.id} /> : <Waiting lines={6} />}
    </Page>
  );
}

function Story({ trace: t, instance }: { trace: Trace; instance: string }): ReactNode {
  return (
    <Stack gap="md">
      <Card withBorder>
        <Group gap="xl">
          <Fact label="Began">{new Date(t.at).toLocaleString()}</Fact>
          {t.user_id && <Fact label="User"><Link href={to.logs(instance, { user_id: t.user_id })}><Plain>{t.user_id}</Plain></Link></Fact>}
          <Fact label="Device">{t.client_id ? <Link href={`${to.clients(instance)}?client=${encodeURIComponent(t.client_id)}`}><Plain>{t.client_id}</Plain></Link> : "stock connector"}</Fact>
          {t.sdk && <Fact label="SDK"><Plain>{`${t.sdk} ${t.app_version ?? ""}`}</Plain></Fact>}
          {t.deployment > 0 && <Fact label="Deployment"><Link href={to.deployment(instance, t.deployment)}>No. {t.deployment}</Link></Fact>}
          <Fact label="Lines"><Link href={to.logs(instance, { request_id: t.request_id })}>In the log</Link></Fact>
        </Group>
      </Card>
      {t.transactions.map((x, n) => <Transaction key={x.entry.id} traced={x} number={n + 1} of={t.transactions.length} instance={instance} />)}
      {t.other.length > 0 && (
        <Stack gap={4} component="section">
          <Title order={2} size="h4">What else happened</Title>
          {t.other.map((l) => <Text size="sm" key={l.id}><code>{l.kind}</code> {outcomes[l.outcome] ?? l.outcome} <Plain>{summaryOf(l)}</Plain></Text>)}
        </Stack>
      )}
    </Stack>
  );
}

function Transaction({ traced, number, of, instance }: { traced: Traced; number: number; of: number; instance: string }): ReactNode {
  const { entry: e, lines, detail } = traced;
  const color = e.outcome === "success" ? "teal" : e.outcome === "fatal_error" ? "red" : "yellow";
  return (
    <Card withBorder component="section">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">{of > 1 ? `Transaction ${number} of ${of}` : "Transaction"}{detail?.client_transaction ? `, the device's number ${detail.client_transaction}` : ""}</Title>
        <Badge variant="dot" color={color} tt="none" size="lg">{outcomes[e.outcome] ?? e.outcome}</Badge>
      </Group>
      <Timeline bulletSize={14} lineWidth={2} active={9}>
        <Timeline.Item title="The device sent">{detail ? <Operations detail={detail} /> : <Text size="sm"><Plain>{summaryOf({ ...e, code: "", message: "", user_id: "" }) || "nothing that was written"}</Plain></Text>}</Timeline.Item>
        {detail?.hooks && detail.hooks.length > 0 && (
          <Timeline.Item title="Hooks ran">
            {detail.hooks.map((h) => <Text size="sm" key={h.hook + h.result}><code><Plain>{h.hook}</Plain></code> {many(h.calls, "call")}, <Plain>{h.result}</Plain>{h.duration_us ? `, ${took(h.duration_us)} in the worker${h.calls > 1 ? `, ${took(h.duration_us / h.calls)} a call` : ""}` : ""}</Text>)}
          </Timeline.Item>
        )}
        {lines.length > 0 && <Timeline.Item title="Hooks said">{lines.map((l) => <Text size="sm" key={l.id} c={l.level === "error" ? "red" : undefined}><Plain>{[l.code, l.message].filter(Boolean).join(" ")}</Plain> <HookLink instance={instance} message={l.message} /></Text>)}</Timeline.Item>}
        {detail?.database && (
          <Timeline.Item title={`${took(detail.database.duration_us)} in the database`}>
            <Text size="sm">{many(detail.database.requests, "request")}{e.duration_us ? `, ${share(detail.database.duration_us, e.duration_us)} of the time` : ""}{detail.database.together ? `, in one transaction of the database with ${many(detail.database.together - 1, "other write")}` : ""}.</Text>
          </Timeline.Item>
        )}
        {detail?.steps && detail.steps.length > 0 && <Timeline.Item title="One after another"><Steps detail={detail} whole={e.duration_us ?? 0} /></Timeline.Item>}
        {e.retries ? <Timeline.Item title="It started over">{many(e.retries, "time")}, because others wrote the same rows.</Timeline.Item> : null}
        <Timeline.Item title={ending[e.outcome] ?? "It ended"} color={color}>
          <Text size="sm">{e.duration_us ? <>after {took(e.duration_us)} of work. </> : null}{e.code && <code><Plain>{e.code}</Plain></code>} <Plain>{e.message}</Plain> <HookLink instance={instance} message={e.message} /></Text>
          {e.rejection_id && <Link size="sm" href={to.rejection(instance, e.rejection_id)}>Open the rejection</Link>}
          {(e.operations ?? []).some((o) => o.conflicts && Object.keys(o.conflicts).length > 0) && <Text size="sm"><Link underline="always" href={to.conflicts(instance)}>Columns conflicted</Link>: <Plain>{conflictsOf(e)}</Plain></Text>}
        </Timeline.Item>
      </Timeline>
      {!detail && <Text size="xs" c="dimmed" mt="sm">Details are kept of transactions that did not succeed, started over or took 250 ms, and of the first 60 each minute. This one was none of them.</Text>}
    </Card>
  );
}

function share(part: number, whole: number): string {
  return `${Math.round(Math.min(1, part / Math.max(1, whole)) * 100)} %`;
}

const ending: Record<string, string> = { success: "The database has it", fatal_error: "It was refused and kept", retryable_error: "The device sends it again" };

function conflictsOf(e: Traced["entry"]): string {
  return (e.operations ?? []).flatMap((o) => Object.entries(o.conflicts ?? {}).map(([who, n]) => `${o.table}: ${n} ${who}`)).join(", ");
}

function Operations({ detail }: { detail: NonNullable<Traced["detail"]> }): ReactNode {
  return (
    <>
      <Rows label="Operations" head={["Operation", "Table", "Fields", "Previous values", "Number in the device's queue"]}>
        {(detail.operations ?? []).map((o, n) => (
          <Table.Tr key={n}>
            <Table.Td><Plain>{o.op}</Plain>{o.blamed && <Badge ml="xs" color="red" variant="light" tt="none" miw="max-content">refused because of this</Badge>}</Table.Td>
            <Table.Td><Plain>{o.table}</Plain></Table.Td>
            <Table.Td>{o.fields ?? 0}</Table.Td>
            <Table.Td>{o.op === "PUT" ? "–" : o.previous_values ? "yes" : "no"}</Table.Td>
            <Table.Td>{o.op_id ?? "–"}</Table.Td>
          </Table.Tr>
        ))}
      </Rows>
      {detail.more_operations ? <Text size="sm" c="dimmed">and {many(detail.more_operations, "more operation", "more operations")}</Text> : null}
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return <div><Text size="xs" c="dimmed">{label}</Text><Text size="sm" component="div">{children}</Text></div>;
}
