import { Group, NumberInput, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { Action } from "../../../ui/Action";
import { Examples } from "./Examples";
import { join, sentence, type Report } from "./report";
import { Refused } from "./Refused";
import type { Open } from "./Where";
import { candidate, type Workspace } from "./workspace";

/** What would become of the last recorded conflicts and refused writes. */
export function ReplayPanel({ ws, open }: { ws: Workspace; open: Open }): ReactNode {
  const [limit, setLimit] = useState<number | string>(1000);
  const [report, setReport] = useState<Report>();
  const replay = useAct(async (cursor: string | undefined) => {
    const wanted = Math.min(Math.max(Number(limit) || 1000, 1), 10_000) - (cursor ? (report?.total ?? 0) : 0);
    const part = await body(client.POST("/api/v1/instances/{instance}/hooks/replay", {
      params: { path: { instance: ws.instance } }, body: { of: "draft", limit: Math.max(wanted, 1), ...(cursor ? { cursor } : {}), ...candidate(ws.items) },
    }));
    setReport((r) => (cursor && r ? join(r, part) : part));
    return part;
  }, { quiet: true });
  const next = replay.data?.next_cursor ?? undefined;
  return (
    <Stack gap="md">
      <Text size="sm" maw="46rem">Runs the files as they are here over what was recorded: conflicts over what was stored then, refused writes over what is stored now. Nothing is written.</Text>
      <Group align="flex-end">
        <NumberInput label="The newest" description="1 to 10,000 cases" min={1} max={10_000} value={limit} onChange={setLimit} w={160} />
        <Action may={ws.mayTry} loading={replay.isPending} onClick={() => { setReport(undefined); replay.mutate(undefined); }}>Replay</Action>
        {next && <Action may={ws.mayTry} variant="default" loading={replay.isPending} onClick={() => { replay.mutate(next); }}>Go on with the rest</Action>}
      </Group>
      {replay.problem && <Refused title="It could not be replayed" problem={replay.problem} instance={ws.instance} open={open} />}
      {report && (
        <>
          <Text fw={600} role="status">{sentence(report)}{next ? " The time was up: there are more." : ""}</Text>
          <Examples instance={ws.instance} list={report.examples} differ={report.differ + report.errors} />
        </>
      )}
    </Stack>
  );
}
