import { Alert, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Plain } from "../../../ui/Plain";

export type Verdict = components["schemas"]["Verdict"];

/** One upload and what became of it. */
export interface Happening {
  phone: string;
  verdict: Verdict;
}

const titles = { applied: "Applied", refused: "Refused", held_back: "Held back: the device would try again" };
const outcomes: Record<string, string> = { client: "the phone's value", server: "the server's value", merged: "merged", rejected: "refused", recorded: "recorded for somebody to decide" };

/** What became of each upload, newest first. */
export function Outcomes({ list }: { list: Happening[] }): ReactNode {
  return (
    <Stack gap="sm" role="log" aria-label="What happened">
      {list.map((h, n) => {
        const conflicts = h.verdict.conflicts;
        return (
          <Alert key={list.length - n} color={h.verdict.outcome === "applied" ? (conflicts.length > 0 ? "yellow" : "teal") : "red"} variant="light" title={`${h.phone}: ${titles[h.verdict.outcome]}${conflicts.length > 0 ? ", after a conflict" : ""}`}>
            <Stack gap={4}>
              {h.verdict.message && <Text size="sm"><Plain>{h.verdict.message}</Plain> <code><Plain>{h.verdict.error_code}</Plain></code></Text>}
              {h.verdict.hint && <Text size="sm" fw={600}><Plain>{h.verdict.hint}</Plain></Text>}
              {conflicts.flatMap((c) => c.fields.map((f) => (
                <Text size="sm" key={c.id + f.name}>
                  <code><Plain>{f.name}</Plain></code>: the phone had seen <code><Plain>{JSON.stringify(c.base[f.name] ?? null)}</Plain></code>, the server has <code><Plain>{JSON.stringify(c.server[f.name] ?? null)}</Plain></code>,
                  {" "}the phone wrote <code><Plain>{JSON.stringify(c.client[f.name] ?? null)}</Plain></code>. By <Plain>{f.policy}</Plain>: {outcomes[f.outcome] ?? <Plain>{f.outcome}</Plain>}
                  {c.decided[f.name] !== undefined && <>, <code><Plain>{JSON.stringify(c.decided[f.name])}</Plain></code></>}.
                </Text>
              )))}
              {conflicts.length === 0 && h.verdict.outcome === "applied" && (
                <List size="sm">{h.verdict.changes.map((c) => <List.Item key={c.id}>No conflict. Changed: <Plain>{c.fields.join(", ") || "nothing"}</Plain></List.Item>)}</List>
              )}
            </Stack>
          </Alert>
        );
      })}
    </Stack>
  );
}
