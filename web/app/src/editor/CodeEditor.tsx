import { setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, type Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { Box, useComputedColorScheme } from "@mantine/core";
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { plain } from "../ui/plain";
import type { Checker } from "./checker";
import classes from "./CodeEditor.module.css";
import { extensions } from "./extensions";
import { look } from "./look";
import { settle } from "./measure";

/** A finding about the open file, by TypeScript or by the server. Lines and columns begin at 1. */
export interface Mark {
  line: number;
  column: number;
  /** Where it ends, when that is known; else the word at its place is marked. */
  length?: number;
  severity: "error" | "warning";
  message: string;
  source?: string;
}

interface Props {
  /** Names the file; each keeps its own undo history while the editor is on the page. */
  path: string;
  text: string;
  /** Nothing is unsaved: whatever text comes then is shown. Else what is typed comes out by onChange, and is not taken back in. */
  clean?: boolean;
  label: string;
  nonce: string;
  readOnly?: boolean;
  checker?: Checker;
  marks?: Mark[];
  /** Moves the cursor there whenever the object changes. */
  target?: { line: number; column: number };
  onChange?: (text: string) => void;
  onSave?: () => void;
}

const looks = new Compartment();
const writable = new Compartment();

function permission(readOnly: boolean): Extension {
  return readOnly ? [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-readonly": "true" })] : [];
}

/** An editor for one of several files. */
export default function CodeEditor(props: Props): ReactNode {
  const { path, text, clean = true, label, nonce, readOnly = false, marks, target, checker } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const kept = useRef(new Map<string, EditorState>());
  const shown = useRef("");
  const latest = useRef(props);
  const help = useId();
  const dark = useComputedColorScheme("light") === "dark";

  // In the layout's phase, so that no key can come between a text and its being shown.
  useLayoutEffect(() => { latest.current = props; });

  useLayoutEffect(() => {
    // Its first styles are mounted at once, and need the nonce.
    const v = new EditorView({ parent: host.current ?? undefined, state: EditorState.create({ extensions: EditorView.cspNonce.of(latest.current.nonce) }) });
    view.current = v;
    const done = settle(v);
    return () => { done(); v.destroy(); shown.current = ""; };
  }, []);

  // Another file: what was shown is put aside with its history.
  useLayoutEffect(() => {
    const v = view.current;
    if (!v) return;
    if (shown.current !== path) {
      if (shown.current) kept.current.set(shown.current, v.state);
      shown.current = path;
      const { text: wanted } = latest.current;
      v.setState(kept.current.get(path) ?? EditorState.create({
        doc: wanted,
        extensions: [
          looks.of(look(dark, nonce)), writable.of(permission(readOnly)),
          extensions({ path, label, help, checker, changed: (t) => latest.current.onChange?.(t), save: () => latest.current.onSave?.() }),
        ],
      }));
      replace(v, wanted);
    }
    v.dispatch({ effects: [looks.reconfigure(look(dark, nonce)), writable.reconfigure(permission(readOnly))] });
  }, [path, label, help, checker, dark, nonce, readOnly]);

  // Changes were taken back, or somebody else saved.
  useLayoutEffect(() => { if (clean && view.current) replace(view.current, text); }, [clean, text, path]);

  useEffect(() => {
    const v = view.current;
    if (v) v.dispatch(setDiagnostics(v.state, (marks ?? []).map((m) => diagnostic(v.state.doc, m))));
  }, [marks, path]);

  useEffect(() => {
    const v = view.current;
    if (!v || !target) return;
    const at = place(v.state.doc, target.line, target.column);
    v.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    v.focus();
  }, [target]);

  return (
    <div className={classes.frame}>
      <Box ref={host} className={classes.host} />
      <div id={help} className={classes.help}>{readOnly ? "Press Escape, then Tab, to leave the editor." : "Tab indents. Press Escape, then Tab, to leave the editor."}</div>
    </div>
  );
}

function replace(v: EditorView, text: string): void {
  if (v.state.doc.toString() !== text) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: text } });
}

/** The offset of a place, which may have been in an older text. */
export function place(doc: Text, line: number, column: number): number {
  const l = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(l.from + Math.max(column - 1, 0), l.to);
}

function diagnostic(doc: Text, m: Mark): Diagnostic {
  const from = place(doc, m.line, m.column);
  const word = /^[\w$]+/.exec(doc.sliceString(from, Math.min(from + 200, doc.length)))?.[0].length ?? 1;
  return { from, to: Math.min(from + (m.length ?? word), doc.length), severity: m.severity, message: plain(m.message), ...(m.source ? { source: m.source } : {}) };
}
