import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Spark } from "../../ui/Chart";
import { Value } from "../../ui/Code";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { health } from "../organization/project/health";
import { Undeployed } from "./enable/Undeployed";
import { Concerns } from "./observe/Concerns";
import { counted, took, within } from "./observe/numbers";
import { Seen } from "./observe/Seen";
import { gapped, linesOf, total, type SeriesAnswer } from "./observe/series";

/** How an instance does. */
export default function OverviewPage(): ReactNode {
  const { instance } = useHere();
  const h = health(instance);
  const path = { params: { path: { instance: instance.id } } };
  const attention = api.useQuery("get", "/api/v1/instances/{instance}/attention", path, { refetchInterval: 15_000 });
  return (
    <Page title={instance.name} lead={<>{instance.kind === "production" ? "Production" : "Development"} instance, {h.detail.charAt(0).toLowerCase() + h.detail.slice(1)}</>}
      actions={<Badge size="lg" variant="dot" color={h.color} tt="none">{h.word}</Badge>}>
      <Group gap="xl" align="flex-start">
        <Fact label="Address"><Value value={instance.url} label="the instance's address" /></Fact>
        <Fact label="Deployment">{instance.deployment > 0 ? <Link href={to.deployment(instance.id, instance.deployment)}>No. {instance.deployment}</Link> : "none yet"}</Fact>
        <Fact label="Atomicity"><Atomicity of={instance.atomicity} /></Fact>
        <Fact label="Runtimes">{instance.status.runtimes.length === 0 ? "none" : instance.status.runtimes.map((r) => <Plain key={r.id}>{`revision ${r.revision} `}</Plain>)}</Fact>
      </Group>
      {instance.deployment === 0 && <Undeployed instance={instance.id} />}
      <Section title="Needs attention">
        {attention.data ? <Concerns list={attention.data.concerns} instance={instance.id} /> : attention.error ? <Failure trouble={asProblem(attention.error)} retry={() => { void attention.refetch(); }} /> : <Waiting lines={2} />}
      </Section>
      <Section title="Traffic of the last hour"><Traffic id={instance.id} /></Section>
      {!(attention.error && !attention.data) && <Section title="Seen so far">{attention.data ? <Seen list={attention.data.seen} /> : <Waiting lines={1} />}</Section>}
    </Page>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return <div><Text size="xs" c="dimmed">{label}</Text><Text size="sm" component="div">{children}</Text></div>;
}

/** What the database guarantees, as a runtime found when the deployment was made active. */
function Atomicity({ of: a }: { of: { mode: string; note?: string } | undefined }): ReactNode {
  if (!a) return "not known yet";
  return (
    <>
      {a.mode === "transactions" ? "whole transactions" : <Plain>{a.mode}</Plain>}
      {a.note && <Text size="xs" c="dimmed"><Plain>{a.note}</Plain></Text>}
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return <Stack gap="xs" component="section"><Title order={2} size="h4">{title}</Title>{children}</Stack>;
}

function Traffic({ id }: { id: string }): ReactNode {
  const [now] = useState(() => Date.now());
  const range = within("1h", now);
  const q = api.useQuery("get", "/api/v1/instances/{instance}/metrics/series",
    { params: { path: { instance: id }, query: { name: ["transactions", "latency", "tokens", "conflicts"], step: range.step } } }, { refetchInterval: 15_000 });
  if (q.error && !q.data) return <Failure trouble={asProblem(q.error)} retry={() => { void q.refetch(); }} />;
  if (!q.data) return <Waiting lines={2} />;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
      {figures(q.data).map((f) => (
        <Card key={f.label} withBorder padding="sm">
          <Text size="xs" c="dimmed">{f.label}</Text>
          <Text size="xl" fw={700}>{f.figure}</Text>
          <Spark values={f.values} label={`${f.label}: ${f.figure} in the last hour`} />
        </Card>
      ))}
      <Link href={to.metrics(id)} size="sm">All metrics</Link>
    </SimpleGrid>
  );
}

function figures(a: SeriesAnswer): { label: string; figure: string; values: (number | null)[] }[] {
  const of = (name: string, outcome: string) => linesOf({ ...a, series: a.series.filter((s) => s.outcome === outcome) }, name, () => "sum")[0]?.values ?? a.times.map(() => 0);
  const applied = of("transactions", "success"), refused = of("transactions", "fatal_error"), tokens = of("tokens", "issued");
  const p50 = gapped(a, "latency").find((l) => l.label === "p50")?.values ?? [];
  const known = p50.filter((v) => v !== null);
  return [
    { label: "Transactions applied", figure: counted(total(applied)), values: applied },
    { label: "Transactions refused", figure: counted(total(refused)), values: refused },
    { label: "Tokens issued", figure: counted(total(tokens)), values: tokens },
    { label: "Median duration", figure: known.length === 0 ? "–" : took(known[known.length - 1] ?? 0), values: p50 },
  ];
}
