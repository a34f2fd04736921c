import { Badge, Button, Group, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { useHere } from "../../shell/instance";
import { useSearchState } from "../../shell/search";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Narrow } from "../../ui/Narrow";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { byRequest, flat } from "./observe/groups";
import { Heard } from "./observe/Heard";
import { LineDetail } from "./observe/LineDetail";
import { LogList } from "./observe/LogList";
import { counted } from "./observe/numbers";
import { useTail, type LogFilter, type Tail } from "./observe/useTail";

const none = { level: "", kind: "", outcome: "", request_id: "", user_id: "", client_id: "", table: "", code: "", text: "" };
const defaults = { ...none, live: "on", group: "", entry: "" };

const levels = [{ value: "warn", label: "Warnings and errors" }, { value: "error", label: "Errors" }];
const kinds = ["transaction", "token", "refusal", "instance", "delivery", "hook"].map((value) => ({ value, label: value }));
const results = [["success", "applied"], ["fatal_error", "refused"], ["retryable_error", "comes again"], ["issued", "issued"], ["refused", "turned away"], ["unavailable", "unavailable"]]
  .map(([value, label]) => ({ value: value ?? "", label: label ?? "" }));

type State = typeof defaults;

/** The log as it happens. */
export default function LogsPage(): ReactNode {
  const { instance } = useHere();
  const [s, set] = useSearchState(defaults);
  const all = { level: s.level, kind: s.kind, outcome: s.outcome, request_id: s.request_id, user_id: s.user_id, client_id: s.client_id, table: s.table, code: s.code, text: s.text };
  const filter = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== "")) as LogFilter;
  const live = s.live === "on";
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page title="Logs" lead="Each transaction, token, refusal and line of a hook, as it happens."
      actions={<Button variant="default" onClick={() => { set({ live: live ? "off" : "on" }); }}>{live ? "Pause" : "Go live"}</Button>}>
      <Filters s={s} set={set} filtered={filtered} />
      <Lines key={instance.id + JSON.stringify(filter)} instance={instance.id} filter={filter} filtered={filtered} live={live} s={s} set={set} />
    </Page>
  );
}

type Set = (change: Partial<State>) => void;

function Filters({ s, set, filtered }: { s: State; set: Set; filtered: boolean }): ReactNode {
  return (
    <Narrow label="Narrow the log">
      <Select label="Level" size="xs" clearable placeholder="All" data={levels} value={s.level || null} onChange={(v) => { set({ level: v ?? "" }); }} />
      <Select label="Kind" size="xs" clearable placeholder="All" data={kinds} value={s.kind || null} onChange={(v) => { set({ kind: v ?? "" }); }} />
      <Select label="Outcome" size="xs" clearable placeholder="All" data={results} value={s.outcome || null} onChange={(v) => { set({ outcome: v ?? "" }); }} />
      <Field label="Text" value={s.text} set={(text) => { set({ text }); }} />
      <Field label="User" value={s.user_id} set={(user_id) => { set({ user_id }); }} />
      <Field label="Device" value={s.client_id} set={(client_id) => { set({ client_id }); }} />
      <Field label="Table" value={s.table} set={(table) => { set({ table }); }} />
      <Field label="Code" value={s.code} set={(code) => { set({ code }); }} />
      <Field label="Request" value={s.request_id} set={(request_id) => { set({ request_id }); }} />
      <Switch label="Group by request" size="xs" mb={6} checked={s.group === "request"} onChange={(e) => { set({ group: e.currentTarget.checked ? "request" : "" }); }} />
      {filtered && <Button size="xs" variant="subtle" onClick={() => { set(none); }}>Clear filters</Button>}
    </Narrow>
  );
}

interface LinesProps {
  instance: string;
  filter: LogFilter;
  filtered: boolean;
  live: boolean;
  s: State;
  set: Set;
}

function Lines({ instance, filter, filtered, live, s, set }: LinesProps): ReactNode {
  const tail = useTail(instance, filter, live);
  const rows = useMemo(() => (s.group === "request" ? byRequest(tail.lines) : flat(tail.lines)), [s.group, tail.lines]);
  const begun = tail.state !== "failed" || tail.lines.length > 0;
  const picked = s.entry ? tail.lines.find((l) => l.id === s.entry) : undefined;
  return (
    <Stack gap="sm">
      <Heard tail={tail} />
      {tail.problem && <Failure trouble={tail.problem} retry={begun ? undefined : tail.again} />}
      {picked && <LineDetail instance={instance} line={picked} close={() => { set({ entry: "" }); }} />}
      {tail.state === "reading" ? <Waiting lines={8} />
        : tail.lines.length > 0 ? <LogList instance={instance} rows={rows} picked={s.entry} pick={(entry) => { set({ entry }); }} follow={live} />
          : begun && <Nothing filtered={filtered} />}
      <Group justify="space-between">
        <Group gap="sm">
          <Standing tail={tail} />
          <Text size="xs" c="dimmed">{tail.lines.length === 1 ? "1 line" : `${counted(tail.lines.length)} lines`}{tail.dropped > 0 && `; ${counted(tail.dropped)} older ones made room and are still in the log`}</Text>
        </Group>
        <Group gap="xs">
          {tail.older && <Button size="xs" variant="default" loading={tail.loadingOlder} onClick={tail.older}>Older lines</Button>}
          <Button size="xs" variant="subtle" onClick={tail.clear}>Empty the view</Button>
        </Group>
      </Group>
    </Stack>
  );
}

function Field({ label, value, set }: { label: string; value: string; set: (v: string) => void }): ReactNode {
  return <TextInput label={label} size="xs" key={value} defaultValue={value} onBlur={(e) => { set(e.currentTarget.value.trim()); }} onKeyDown={(e) => { if (e.key === "Enter") set(e.currentTarget.value.trim()); }} />;
}

const standing: Record<Tail["state"], { color: string; word: string }> = {
  reading: { color: "gray", word: "Reading" }, live: { color: "teal", word: "Live" }, paused: { color: "gray", word: "Paused" }, lost: { color: "yellow", word: "Connecting again" }, failed: { color: "red", word: "Not connected" },
};

function Standing({ tail }: { tail: Tail }): ReactNode {
  const { color, word } = standing[tail.state];
  return <Badge role="status" variant="dot" color={color} tt="none" size="lg">{word}</Badge>;
}

function Nothing({ filtered }: { filtered: boolean }): ReactNode {
  if (filtered) return <Empty title="No line matches">Lines that match appear here as they arrive.</Empty>;
  return <Empty title="Nothing has been logged yet">Writes, tokens and whatever happens to the instance appear here within a second.</Empty>;
}
