import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";
import { nonce } from "../../settings";
import { plain } from "../plain";
import { look } from "./look";

interface Props {
  value: string;
  onChange?: (value: string) => void;
  /** What is edited, for screen readers. */
  label: string;
  language: Extension;
  readOnly?: boolean;
  marks?: { from: number; to: number; severity: "error" | "warning"; message: string }[];
  /** A place to show and select; a new object moves there again. */
  at?: { from: number; to: number };
  onSave?: () => void;
  height?: string;
}

/** Characters that turn the reading direction or hide are drawn as boxes, as they are elsewhere. */
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc]/g; // eslint-disable-line no-control-regex -- they are what is looked for

/** An editor of text. Tab leaves it, as everywhere else. */
export function Editor({ value, onChange, label, language, readOnly = false, marks = [], at, onSave, height = "60vh" }: Props): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const lock = useRef(new Compartment());
  const changed = useEffectEvent((text: string) => { onChange?.(text); });
  const save = useEffectEvent(() => { onSave?.(); return true; });
  const first = useEffectEvent(() => ({ value, readOnly, language, label, height }));
  useEffect(() => {
    const { value, readOnly, language, label, height } = first();
    const v = new EditorView({
      parent: host.current ?? undefined,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce), lineNumbers(), highlightSpecialChars({ addSpecialChars: hidden }), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(), lintGutter(),
          keymap.of([{ key: "Mod-s", run: () => save(), preventDefault: true }, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.theme({ "&": { height }, ".cm-scroller": { overflow: "auto" } }),
          EditorView.updateListener.of((u) => { if (u.docChanged) changed(u.state.doc.toString()); }),
          lock.current.of(locked(readOnly)), language, look,
        ],
      }),
    });
    view.current = v;
    return () => { v.destroy(); view.current = null; };
  }, []);
  useEffect(() => {
    const v = view.current;
    if (v && v.state.doc.toString() !== value) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => { view.current?.dispatch({ effects: lock.current.reconfigure(locked(readOnly)) }); }, [readOnly]);
  useEffect(() => {
    const v = view.current;
    if (v) v.dispatch(setDiagnostics(v.state, marks.map((m): Diagnostic => ({ ...m, from: Math.min(m.from, v.state.doc.length), to: Math.min(m.to, v.state.doc.length), message: plain(m.message) }))));
  }, [marks]);
  useEffect(() => {
    const v = view.current;
    if (!v || !at) return;
    const end = v.state.doc.length;
    v.dispatch({ selection: { anchor: Math.min(at.from, end), head: Math.min(at.to, end) }, effects: EditorView.scrollIntoView(Math.min(at.from, end), { y: "center" }) });
    v.focus();
  }, [at]);
  return <div ref={host} />;
}

function locked(readOnly: boolean): Extension {
  return [EditorState.readOnly.of(readOnly), EditorView.contentAttributes.of({ "aria-readonly": String(readOnly) })];
}
