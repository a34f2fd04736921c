import { List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { get, indented, type Exact, type Node } from "../../../api/exact";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Code } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";
import { Notice } from "./Notice";

export type VerdictBody = components["schemas"]["Verdict"];
type Call = components["schemas"]["HookCall"];

const titles = { applied: "It would be stored", refused: "It would be refused", held_back: "It would be held back: the device comes again" };

/** What would become of a write: outcome, rows, conflicts, and each call of a hook. */
export function Verdict({ verdict, of }: { verdict: Exact<VerdictBody>; of: string | undefined }): ReactNode {
  const { value: v, text, node } = verdict;
  const changes = items(get(node, "changes"));
  return (
    <Notice good={v.outcome === "applied"} title={`${titles[v.outcome]}, with ${of === "deployed" ? "what is deployed" : "the draft"}`}>
      <Stack gap="sm">
        {v.error_code && <Text size="sm"><code><Plain>{v.error_code}</Plain></code> <Plain>{v.message ?? ""}</Plain> <Plain>{v.hint ?? ""}</Plain></Text>}
        {v.detail && <Code code={v.detail} label="What the database said" />}
        {v.changes.map((c, n) => (
          <div key={n}>
            <Text size="sm" fw={600}><Plain>{`${c.op} ${c.table} ${c.id}`}</Plain></Text>
            <Code code={columns(text, changes[n], c.fields)} label={`What would be stored in ${c.table}`} />
          </div>
        ))}
        {v.outcome === "applied" && v.changes.length === 0 && <Text size="sm">No row would change.</Text>}
        {v.conflicts.length > 0 && <List size="sm">{v.conflicts.map((c, n) => <List.Item key={n}><Plain>{`Conflict on ${c.table}, ${c.policy}: ${c.fields.map((f) => `${f.name} ${f.outcome}`).join(", ")}`}</Plain></List.Item>)}</List>}
        {v.hooks.map((h, n) => <HookCall key={n} call={h} />)}
        {v.effects.length > 0 && <Text size="sm"><Plain>{`Afterwards: ${v.effects.map((e) => (e.kind === "webhook" ? `a webhook to ${e.outbox ?? ""}` : `afterCommit of ${e.table ?? ""}`)).join(", ")}.`}</Plain></Text>}
        <Text size="xs" c="dimmed">{v.checked ? "The database checked its constraints, and undid it." : "The database's own constraints were not asked."} {(v.duration_us / 1000).toFixed(1)} ms.</Text>
      </Stack>
    </Notice>
  );
}

function HookCall({ call }: { call: Call }): ReactNode {
  const { instance } = useHere();
  const { failure } = call;
  return (
    <div>
      <Text size="sm"><code><Plain>{`${call.function} of hooks/${call.name}`}</Plain></code>: <Plain>{call.result}</Plain>{call.reason ? <> (<Plain>{call.reason}</Plain>)</> : null}, {(call.duration_us / 1000).toFixed(1)} ms</Text>
      {call.rejection && <Text size="sm"><code><Plain>{call.rejection.code}</Plain></code> <Plain>{call.rejection.message}</Plain></Text>}
      {failure && <Text size="sm"><code><Plain>{failure.code}</Plain></code> <Plain>{failure.message}</Plain>{failure.file && <> at <Link href={to.hooks(instance.id, { file: failure.file, line: failure.line })} size="sm" underline="always"><Plain>{`${failure.file}:${failure.line ?? 0}`}</Plain></Link></>}</Text>}
      {call.logs.length > 0 && <Code code={call.logs.map((l) => `${l.level} ${l.text}`).join("\n")} label={`What ${call.function} logged`} />}
    </div>
  );
}

const items = (node: Node | undefined): Node[] => (node?.kind === "array" ? node.items : []);

/** The columns that change, old and new; of a row that comes or goes all of them. */
function columns(text: string, change: Node | undefined, fields: string[]): string {
  const [old, now] = [get(change, "old"), get(change, "new")];
  if (old?.kind !== "object" || now?.kind !== "object") return indented(text, now?.kind === "object" ? now : (old ?? change));
  const told = (n: Node | undefined): string => (n ? indented(text, n) : "nothing");
  return fields.map((f) => `${f}: ${told(get(old, f))} → ${told(get(now, f))}`).join("\n") || "nothing changes";
}
