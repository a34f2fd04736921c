import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

// One look for both schemes: colours are pairs, and the page's scheme chooses. Each has 4.5:1 on its ground.
const pair = (light: string, dark: string): string => `light-dark(${light}, ${dark})`;

const frame = EditorView.theme({
  "&": { fontSize: "13px", border: "1px solid var(--mantine-color-default-border)", borderRadius: "var(--mantine-radius-sm)", backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)" },
  "&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  ".cm-gutters": { backgroundColor: pair("#f8f9fa", "#1f1f1f"), color: pair("#5c636a", "#a6abb2"), borderRight: "1px solid var(--mantine-color-default-border)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: pair("#4c58d010", "#8e97e414") },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: `${pair("#dcdff9", "#293492")} !important` },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: `underline wavy ${pair("#c92a2a", "#ff8787")}`, textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: `underline wavy ${pair("#b35c00", "#ffc078")}`, textUnderlineOffset: "3px" },
  ".cm-tooltip": { backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)", border: "1px solid var(--mantine-color-default-border)", maxWidth: "34rem" },
  ".cm-panels": { backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: `${pair("#d3f9d8", "#12391d")} !important` },
  ".cm-changedText": { background: `${pair("#b2f2bb", "#1f5c30")} !important` },
  ".cm-deletedChunk": { backgroundColor: `${pair("#ffe3e3", "#431b1b")} !important` },
  ".cm-deletedText": { background: `${pair("#ffc9c9", "#6b2727")} !important` },
  ".cm-collapsedLines": { background: pair("#f1f3f5", "#2a2a2a"), color: pair("#495057", "#ced4da") },
});

const words = HighlightStyle.define([
  { tag: [t.definition(t.propertyName), t.propertyName, t.labelName], color: pair("#1c4fa3", "#8ab8ff") },
  { tag: [t.string, t.content, t.special(t.string)], color: pair("#1b6b34", "#8ce0a4") },
  { tag: [t.number, t.bool, t.null, t.atom], color: pair("#8a3a00", "#ffb37a") },
  { tag: [t.keyword, t.operatorKeyword, t.modifier, t.controlKeyword, t.definitionKeyword, t.moduleKeyword], color: pair("#862e9c", "#e5a8f5") },
  { tag: [t.comment, t.lineComment, t.blockComment], color: pair("#5c636a", "#a6abb2"), fontStyle: "italic" },
  { tag: [t.typeName, t.className], color: pair("#0b6a75", "#7fdbe6") },
  { tag: [t.separator, t.punctuation, t.squareBracket, t.brace, t.meta], color: pair("#495057", "#ced4da") },
]);

/** How editors look, in both schemes. */
export const look: Extension = [frame, syntaxHighlighting(words)];
