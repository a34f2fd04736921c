import { Group, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { allowed } from "../../../ui/allowed";
import { Action } from "../../../ui/Action";
import { tableOf } from "./project";
import { Recorded, type Case } from "./Recorded";
import { fillSample, readSample, SampleForm, type SampleTexts } from "./SampleForm";
import { Refused } from "./Refused";
import { Verdict } from "./Verdict";
import type { Open } from "./Where";
import { candidate, type Workspace } from "./workspace";

interface Props {
  ws: Workspace;
  path: string;
  open: Open;
  /** From the address, so that an inbox can link to a run: conflict:cnf_..., rejection:rej_... or write:... */
  on: string;
  setOn: (on: string) => void;
}

/** Tries what is in the editor, or what is deployed, on a write: made up, or recorded. */
export function RunPanel({ ws, path, open, on, setOn }: Props): ReactNode {
  const [of, setOf] = useState<"draft" | "deployed">("draft");
  const [texts, setTexts] = useState<SampleTexts>();
  const filled = useMemo(() => fillSample(ws.tables.find((t) => t.name === tableOf(path)) ?? ws.tables[0], "PUT"), [ws.tables, path]);
  const sample = texts ?? filled;
  const run = useAct(async () => {
    const what = on ? recorded(on) : readSample(sample);
    return body(client.POST("/api/v1/instances/{instance}/hooks/run", { params: { path: { instance: ws.instance } }, body: { of, ...(of === "draft" ? candidate(ws.items) : {}), ...what } }));
  }, { quiet: true });
  const choices = [{ value: "", label: "A sample" }, { value: "recorded", label: "A recorded write" }];
  return (
    <Stack gap="md">
      <Group gap="md" align="flex-end">
        <SegmentedControl aria-label="What is run on" data={choices} value={on ? "recorded" : ""} onChange={(v) => { setOn(v); }} />
        <Select label="What is tried" data={[{ value: "draft", label: "The files as they are here" }, { value: "deployed", label: "What is deployed" }]} value={of} allowDeselect={false}
          onChange={(v) => { setOf(v === "deployed" ? "deployed" : "draft"); }} />
        <Action may={allowed(ws.mayTry, on === "recorded" && "Choose a recorded write first.")} loading={run.isPending} onClick={() => { run.mutate(undefined); }}>Run</Action>
      </Group>
      {on ? <Recorded instance={ws.instance} development={ws.development} chosen={on} choose={setOn} />
        : sample ? <SampleForm tables={ws.tables} texts={sample} change={setTexts} />
          : <Text size="sm" c="dimmed">The configuration has no tables yet.</Text>}
      {run.problem && <Refused title="It could not be run" problem={run.problem} instance={ws.instance} open={open} />}
      {run.data && <Verdict key={run.submittedAt} verdict={run.data} open={open} />}
    </Stack>
  );
}

/** What the address names, for the request. */
export function recorded(on: string): Pick<components["schemas"]["RunInputBody"], "conflict_id" | "rejection_id" | "write_id"> {
  const [kind, id] = on.split(":") as [Case, string | undefined];
  if (!id) throw new Error("Choose a recorded write first.");
  return { conflict: { conflict_id: id }, rejection: { rejection_id: id }, write: { write_id: id } }[kind];
}
