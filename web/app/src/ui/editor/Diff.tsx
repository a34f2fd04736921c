import { unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef, type ReactNode } from "react";
import { nonce } from "../../settings";
import { look } from "./look";

/** What differs between two texts: lines that go are red, with the ones that come, green, below them. */
export function Diff({ from, to, label, language, height = "50vh" }: { from: string; to: string; label: string; language: Extension; height?: string }): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const view = new EditorView({
      parent: host.current ?? undefined,
      state: EditorState.create({
        doc: to,
        extensions: [
          EditorView.cspNonce.of(nonce), lineNumbers(), EditorState.readOnly.of(true), EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
          EditorView.theme({ "&": { maxHeight: height }, ".cm-scroller": { overflow: "auto" } }),
          unifiedMergeView({ original: from, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 }, syntaxHighlightDeletions: true }),
          language, look,
        ],
      }),
    });
    return () => { view.destroy(); };
  }, [from, to, label, language, height]);
  return <div ref={host} />;
}
