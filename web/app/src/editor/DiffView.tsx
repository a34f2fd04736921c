import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { Box, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import classes from "./DiffView.module.css";
import { languageOf } from "./language";
import { look } from "./look";
import { settle } from "./measure";

interface Props {
  path: string;
  before: string;
  after: string;
  label: string;
  nonce: string;
}

/** What changed in a text, line by line; nothing in it can be changed. */
export default function DiffView({ path, before, after, label, nonce }: Props): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    const view = new EditorView({
      parent: host.current ?? undefined,
      state: EditorState.create({
        doc: after,
        extensions: [
          lineNumbers(), languageOf(path), look(dark, nonce), EditorState.readOnly.of(true), EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
          unifiedMergeView({ original: before, mergeControls: false, gutter: true, collapseUnchanged: { margin: 3, minSize: 6 } }),
        ],
      }),
    });
    // What it stands in may still be unfolding, too.
    const done = settle(view);
    return () => { done(); view.destroy(); };
  }, [path, before, after, label, nonce, dark]);
  return <Box ref={host} className={classes.host} />;
}
