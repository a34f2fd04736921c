import { acceptCompletion, autocompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { lintGutter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import type { Checker } from "./checker";
import { languageOf } from "./language";
import { plain } from "../ui/plain";

export interface Wiring {
  path: string;
  label: string;
  /** The id of the sentence that says how to leave the editor by keyboard. */
  help: string;
  checker?: Checker;
  changed: (text: string) => void;
  save: () => void;
}

/** All of an editor but its looks and whether it may be changed. */
export function extensions(w: Wiring): Extension {
  return [
    // Before the usual keys, and in the order of who is asked first.
    keymap.of([
      { key: "Mod-s", preventDefault: true, run: () => { w.save(); return true; } },
      { key: "Tab", run: acceptCompletion },
      indentWithTab,
    ]),
    basicSetup,
    lintGutter(),
    languageOf(w.path),
    EditorView.contentAttributes.of({ "aria-label": w.label, "aria-describedby": w.help, spellcheck: "false", tabindex: "0" }),
    EditorView.updateListener.of((u) => { if (u.docChanged) w.changed(u.state.doc.toString()); }),
    w.checker ? [autocompletion({ override: [suggest(w.path, w.checker)] }), explain(w.path, w.checker)] : [],
  ];
}

function suggest(path: string, checker: Checker): (c: CompletionContext) => Promise<CompletionResult | null> {
  return async (context) => {
    const before = context.matchBefore(/[\w$]+|[."'`]/);
    if (!context.explicit && !before) return null;
    await checker.update(path, context.state.doc.toString());
    const found = await checker.complete(path, context.pos);
    if (!found || context.aborted || found.list.length === 0) return null;
    return {
      from: found.from,
      validFor: /^[\w$-]*$/,
      options: found.list.map((s): Completion => ({
        label: s.label, type: s.kind, ...(s.insert !== undefined ? { apply: s.insert } : {}), sortText: s.order,
        info: async () => {
          const d = await checker.describe(path, context.pos, s.label);
          return d && (d.signature || d.doc) ? box(d.signature, d.doc) : null;
        },
      })),
    };
  };
}

function explain(path: string, checker: Checker): Extension {
  return hoverTooltip(async (view, at) => {
    await checker.update(path, view.state.doc.toString());
    const e = await checker.explain(path, at);
    return e ? { pos: e.from, end: e.to, above: true, create: () => ({ dom: box(e.signature, e.doc) }) } : null;
  });
}

/** Signatures and comments hold names from a configuration: they are text, with what would not be seen made visible. */
function box(signature: string, doc: string): HTMLElement {
  const out = document.createElement("div");
  out.className = "cm-tk-hover";
  for (const [text, name] of [[signature, "cm-tk-signature"], [doc, "cm-tk-doc"]] as const) {
    if (!text) continue;
    const part = out.appendChild(document.createElement("div"));
    part.className = name;
    part.textContent = plain(text);
  }
  return out;
}
