import { Card, Group, Input, SegmentedControl, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { useHere } from "../../shell/instance";
import { useSearchState } from "../../shell/search";
import { Chart, type Line } from "../../ui/Chart";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { plain } from "../../ui/plain";
import { Waiting } from "../../ui/Rows";
import { counted, rangeOf, ranges, took, within } from "./observe/numbers";
import { gapped, linesOf, quantileLines, quantileOf, quantiles, total, type Quantile, type SeriesAnswer } from "./observe/series";
import { outcomes } from "./observe/words";

const defaults = { range: "1h", table: "", hook: "", quantile: "p90" };

/** What an instance counted, as charts. */
export default function MetricsPage(): ReactNode {
  const { instance } = useHere();
  const [s, set] = useSearchState(defaults);
  const range = rangeOf(s.range), quantile = quantileOf(s.quantile);
  const now = useTurns(range === "1h" ? 15_000 : 60_000);
  const bounds = within(range, now);
  const writes = useSeries(instance.id, bounds, ["transactions", "latency", "database_us", "table_latency", "operations", "conflicts", "errors", "no_previous_values"], s.table, s.hook);
  const rest = useSeries(instance.id, bounds, ["tokens", "hook_calls", "hook_us", "hook_latency", "hook_kills", "deliveries", "retries"], s.table, s.hook);
  const tables = useNames(writes.data, ["operations"], s.table), hooks = useNames(rest.data, ["hook_calls"], s.hook);
  const trouble = writes.error ?? rest.error;
  return (
    <Page title="Metrics" lead="Counters are exact: they miss nothing, also when log entries were dropped."
      actions={<SegmentedControl size="xs" aria-label="Time" value={range} onChange={(v) => { set({ range: v }); }} data={Object.entries(ranges).map(([value, r]) => ({ value, label: r.label }))} />}>
      <Group align="flex-end">
        <Select label="Collection" size="xs" clearable placeholder="All" data={tables} value={s.table || null} onChange={(v) => { set({ table: v ?? "" }); }} />
        <Select label="Hook" size="xs" clearable placeholder="All" data={hooks} value={s.hook || null} onChange={(v) => { set({ hook: v ?? "" }); }} />
        <Stack gap={0}>
          <Input.Label component="div" size="xs" mb={2}>Durations by collection and hook</Input.Label>
          <SegmentedControl size="xs" aria-label="Quantile of durations by collection and hook" value={quantile} onChange={(v) => { set({ quantile: v }); }} data={[...quantiles]} />
        </Stack>
      </Group>
      {writes.data && rest.data ? <Charts writes={writes.data} rest={rest.data} quantile={quantile} table={s.table} hook={s.hook} />
        : trouble ? <Failure trouble={asProblem(trouble)} retry={() => { void writes.refetch(); void rest.refetch(); }} /> : <Waiting lines={8} />}
    </Page>
  );
}

/** The time, which moves on by turns. */
function useTurns(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()); }, every);
    return () => { clearInterval(timer); };
  }, [every]);
  return now;
}

type Name = "transactions" | "operations" | "errors" | "tokens" | "latency" | "conflicts" | "no_previous_values" | "retries" | "deliveries" | "hook_kills" | "hook_calls" | "hook_us" | "database_us" | "table_latency" | "hook_latency";

function useSeries(instance: string, b: ReturnType<typeof within>, name: Name[], table: string, hook: string) {
  return api.useQuery("get", "/api/v1/instances/{instance}/metrics/series",
    { params: { path: { instance }, query: { name, since: b.since, until: b.until, step: b.step, ...(table ? { table } : {}), ...(hook ? { hook } : {}) } } },
    { placeholderData: (old) => old });
}

/** Names that the answers have, with the one that is chosen. */
function useNames(answer: SeriesAnswer | undefined, names: string[], chosen: string): string[] {
  const [seen, setSeen] = useState<string[]>([]);
  const found = (answer?.series ?? []).filter((s) => names.includes(s.name) && s.label).map((s) => s.label ?? "");
  const all = [...new Set([...seen, ...found, ...(chosen ? [chosen] : [])])].sort();
  if (all.length !== seen.length) setSeen(all);
  return all;
}

interface Shown {
  writes: SeriesAnswer;
  rest: SeriesAnswer;
  quantile: Quantile;
  table: string;
  hook: string;
}

function Charts({ writes, rest, quantile, table, hook }: Shown): ReactNode {
  const lines = useMemo(() => ({
    transactions: linesOf(writes, "transactions", (s) => outcomes[s.outcome ?? ""] ?? s.outcome ?? ""),
    latency: [...gapped(writes, "latency").filter((l) => l.label !== "mean"), ...gapped(writes, "database_us").map((l) => ({ ...l, label: "in the database, on average" }))],
    tables: quantileLines(writes, "table_latency", quantile, table),
    hooks: quantileLines(rest, "hook_latency", quantile, hook),
    operations: linesOf(writes, "operations", (s) => s.label ?? ""),
    conflicts: linesOf(writes, "conflicts", (s) => s.outcome ?? ""),
    errors: linesOf(writes, "errors", (s) => s.label ?? ""),
    previous: linesOf(writes, "no_previous_values", (s) => s.label ?? ""),
    tokens: linesOf(rest, "tokens", (s) => outcomes[s.outcome ?? ""] ?? s.outcome ?? ""),
    calls: linesOf(rest, "hook_calls", (s) => s.label ?? ""),
    times: gapped(rest, "hook_us"),
    kills: linesOf(rest, "hook_kills", (s) => s.label ?? ""),
    deliveries: linesOf(rest, "deliveries", (s) => `${s.label ?? ""} ${outcomes[s.outcome ?? ""] ?? s.outcome ?? ""}`),
    retries: linesOf(rest, "retries", () => "started over"),
  }), [writes, rest, quantile, table, hook]);
  if (lines.transactions.length === 0 && lines.tokens.length === 0) {
    return <Empty title="Nothing was counted in this time">Choose a longer time, or send a first write.</Empty>;
  }
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      <Panel title="Transactions" note="by what became of them" times={writes.times} lines={lines.transactions} />
      <Panel title="Duration of transactions" note="of those that were attempted: half, nine of ten and 99 of 100 were faster" times={writes.times} lines={lines.latency} format={took} timesOnly />
      <Panel title="Duration by collection" note={table ? `of transactions that wrote ${plain(table)}` : `${quantile} of applied transactions, the slowest collections`} times={writes.times} lines={lines.tables} format={took} timesOnly />
      <Panel title="Duration of hooks" note={hook ? `of single calls of ${plain(hook)}` : `${quantile} of single calls, the slowest hooks`} times={rest.times} lines={lines.hooks} format={took} timesOnly />
      <Panel title="Operations" note="by collection" times={writes.times} lines={lines.operations} />
      <Panel title="Conflicting columns" note="by who won" times={writes.times} lines={lines.conflicts} />
      <Panel title="Errors" note="by code" times={writes.times} lines={lines.errors} />
      <Panel title="Operations without previous values" note="no conflict can be seen in them" times={writes.times} lines={lines.previous} />
      <Panel title="Token requests" note="by what became of them" times={rest.times} lines={lines.tokens} />
      <Panel title="Calls of hooks" note="by function" times={rest.times} lines={lines.calls} />
      <Panel title="Mean time of a hook's call" note="in the worker; exact" times={rest.times} lines={lines.times} format={took} timesOnly />
      <Panel title="Killed hooks" note="by why" times={rest.times} lines={lines.kills} />
      <Panel title="Deliveries" note="attempts, by where to" times={rest.times} lines={lines.deliveries} />
      <Panel title="Transactions that started over" note="because others wrote the same rows" times={rest.times} lines={lines.retries} />
    </SimpleGrid>
  );
}

interface PanelProps {
  title: string;
  note: string;
  times: number[];
  lines: Line[];
  format?: (v: number) => string;
  /** Values are times, which have no sum. */
  timesOnly?: boolean;
}

function Panel({ title, note, times, lines, format = counted, timesOnly = false }: PanelProps): ReactNode {
  const sum = lines.reduce((n, l) => n + total(l.values), 0);
  const empty = sum === 0;
  return (
    <Card withBorder padding="sm" component="section">
      <Stack gap={4}>
        <Group justify="space-between" gap="xs"><Title order={2} size="h5">{title}</Title>{!timesOnly && <Text size="sm" fw={600}>{counted(sum)}</Text>}</Group>
        <Text size="xs" c="dimmed">{note}</Text>
        {empty ? <Text size="sm" c="dimmed" py="md">None in this time.</Text> : <Chart label={title} times={times} lines={lines} format={format} height={180} />}
      </Stack>
    </Card>
  );
}

