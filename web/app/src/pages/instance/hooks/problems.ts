import { useEffect, useMemo, useState } from "react";
import { checker, onCheckerFailure } from "../../../editor/checker";
import type { Mark } from "../../../editor/CodeEditor";
import type { Problem } from "../../../editor/compiler";
import { textsOf, type Item } from "./project";
import type { ServerFinding } from "./workspace";

export interface Checked {
  state: "starting" | "ready" | "failed";
  list: Problem[];
}

const pause = 250; // ms after the last key

/** What TypeScript says about all files, a moment after the last change. */
export function useProblems(items: Item[], types: string | undefined): Checked {
  const [checked, setChecked] = useState<Checked>({ state: "starting", list: [] });
  useEffect(() => onCheckerFailure(() => { setChecked((c) => ({ ...c, state: "failed" })); }), []);
  useEffect(() => {
    if (types === undefined) return;
    let current = true;
    const timer = setTimeout(() => {
      void (async () => {
        const c = checker();
        await c.replace(types, textsOf(items));
        const list = await c.allProblems();
        if (current) setChecked({ state: "ready", list });
      })();
    }, pause);
    return () => { current = false; clearTimeout(timer); };
  }, [items, types]);
  return checked;
}

/** What the server found, about the texts that it was given. */
export interface Found {
  errors: ServerFinding[];
  warnings: ServerFinding[];
  /** The texts by path at that time. */
  texts: Record<string, string>;
  of: "compile" | "test";
}

/** One line of the list of problems. */
export interface Line {
  path: string;
  line: number;
  column: number;
  length?: number;
  severity: "error" | "warning";
  message: string;
  hint?: string;
  source: string;
}

/** All problems in reading order. What the server said about a text that has changed since is left out. */
export function linesOf(checked: Problem[], found: Found[], items: Item[]): Line[] {
  const texts = textsOf(items);
  const ours = checked.map((p): Line => ({ path: p.path, line: p.line, column: p.column, length: p.to - p.from, severity: p.severity, message: p.message, source: "TypeScript" }));
  const theirs = found.flatMap((f) => [...f.errors.map((e) => serverLine(e, "error", f.of)), ...f.warnings.map((e) => serverLine(e, "warning", f.of))].filter((l) => f.texts[l.path] === texts[l.path]));
  return [...ours, ...theirs].sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line || a.column - b.column);
}

function serverLine(f: ServerFinding, severity: Line["severity"], of: Found["of"]): Line {
  const e = f.expectation;
  const expected = e ? ` ${e.matcher}: expected ${e.expected ?? "(nothing)"}, received ${e.received ?? "(nothing)"}` : "";
  return { path: f.path, line: f.line ?? 0, column: f.column ?? 1, severity, message: f.message + expected, hint: f.hint, source: of === "test" ? "Test" : "Server" };
}

/** Those of one file that have a place in it. */
export function useMarks(lines: Line[], path: string): Mark[] {
  return useMemo(() => lines.filter((l) => l.path === path && l.line > 0), [lines, path]);
}
