import { Box, Group, Paper, Tabs, Text } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import { checker } from "../../../editor/checker";
import { LazyEditor } from "../../../editor/lazy";
import { nonce } from "../../../settings";
import { plain } from "../../../ui/plain";
import { DeploymentList } from "../deployments/DeploymentList";
import classes from "./Bench.module.css";
import { DeployPanel } from "./DeployPanel";
import { edits } from "./edits";
import { FileBar } from "./FileBar";
import { FileList } from "./FileList";
import { linesOf, useMarks, useProblems } from "./problems";
import { ProblemsPanel } from "./ProblemsPanel";
import { ReplayPanel } from "./ReplayPanel";
import { RunPanel } from "./RunPanel";
import type { Server } from "./server";
import { ShadowPanel } from "./ShadowPanel";
import { TestsPanel } from "./TestsPanel";
import type { Workspace } from "./workspace";

/** The state that lives in the address. */
export interface At extends Record<string, string> {
  file: string;
  panel: string;
  line: string;
  on: string;
}

interface Props {
  ws: Workspace;
  server: Server;
  path: string;
  at: At;
  setAt: (change: Partial<At>) => void;
}

const panels = [["problems", "Problems"], ["run", "Run"], ["tests", "Tests"], ["deploy", "Deploy"], ["versions", "Versions"], ["replay", "Replay"], ["shadow", "Shadow"]] as const;

/** Files, editor and what is done with them. */
export function Bench({ ws, server, path, at, setAt }: Props): ReactNode {
  const item = ws.items.find((i) => i.path === path);
  const checked = useProblems(ws.items, ws.types);
  const lines = useMemo(() => linesOf(checked.list, server.found, ws.items), [checked.list, server.found, ws.items]);
  const marks = useMarks(lines, path);
  const [jump, setJump] = useState<{ path: string; line: number; column: number }>();
  const linked = useMemo(() => (/^\d{1,6}$/.test(at.line) ? { line: Number(at.line), column: 1 } : undefined), [at.line]);
  const open = (file: string, line?: number, column?: number): void => {
    setAt({ file, line: "" });
    if (line) setJump({ path: file, line, column: column ?? 1 });
  };
  const readOnly = ws.mayWrite !== true;
  const panel = panels.some(([id]) => id === at.panel) ? at.panel : "problems";
  const errors = lines.filter((l) => l.severity === "error");
  const label: Record<string, string> = { problems: lines.length > 0 ? `Problems (${lines.length})` : "Problems" };
  return (
    <Paper withBorder className={classes.bench}>
      <div className={classes.top}>
        <Box className={classes.files} p="xs"><FileList items={ws.items} lines={lines} path={path} choose={(file) => { setAt({ file, line: "" }); }} /></Box>
        <div className={classes.main}>
          {item && <FileBar ws={ws} item={item} save={() => { server.save.mutate([item]); }} saving={server.save.isPending} choose={(file) => { setAt({ file, line: "" }); }} />}
          {readOnly && <Text size="sm" px="xs" pb={4}>{ws.mayWrite} You can read everything and change nothing.</Text>}
          <div className={classes.editor}>
            {item && (
              <LazyEditor path={item.path} text={item.text} clean={!item.unsaved} label={plain(`The code of ${item.path}`)} nonce={nonce} readOnly={readOnly} checker={checker()} marks={marks} target={jump?.path === path ? jump : linked}
                onChange={(text) => { edits.put(ws.instance, item.path, { text, etag: item.etag }); }} onSave={() => { if (!readOnly && item.unsaved) server.save.mutate([item]); }} />
            )}
          </div>
        </div>
      </div>
      <Tabs value={panel} onChange={(p) => { setAt({ panel: p ?? "problems" }); }} keepMounted={false} className={classes.panels}>
        <Tabs.List aria-label="What is done with the files">{panels.map(([id, title]) => <Tabs.Tab key={id} value={id}><Group gap={4}>{label[id] ?? title}</Group></Tabs.Tab>)}</Tabs.List>
        <Box p="md">
          <Tabs.Panel value="problems"><ProblemsPanel instance={ws.instance} checked={checked} lines={lines} check={() => { server.check.mutate(ws.items); }} checking={server.check.isPending} may={ws.mayWrite} open={open} /></Tabs.Panel>
          <Tabs.Panel value="run"><RunPanel ws={ws} path={path} open={open} on={at.on} setOn={(on) => { setAt({ on }); }} /></Tabs.Panel>
          <Tabs.Panel value="tests"><TestsPanel result={server.test.data} error={server.test.error} running={server.test.isPending} run={() => { server.test.mutate(ws.items); }} may={ws.mayWrite} open={open} /></Tabs.Panel>
          <Tabs.Panel value="deploy"><DeployPanel ws={ws} mistakes={errors.filter((l) => l.source === "TypeScript").length} deploy={(m) => { server.deploy.mutate(m); }} deploying={server.deploy.isPending} problem={server.deploy.problem} deployed={server.deploy.data} open={open} /></Tabs.Panel>
          <Tabs.Panel value="versions"><DeploymentList /></Tabs.Panel>
          <Tabs.Panel value="replay"><ReplayPanel ws={ws} open={open} /></Tabs.Panel>
          <Tabs.Panel value="shadow"><ShadowPanel ws={ws} open={open} /></Tabs.Panel>
        </Box>
      </Tabs>
    </Paper>
  );
}
