import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";
import type { Extension } from "@codemirror/state";

// light-dark() follows the page's color-scheme. Each pair passes AA on the editor's background.
const ink = (light: string, dark: string): string => `light-dark(${light}, ${dark})`;

const highlighting = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier, t.controlKeyword], color: ink("#7a1fa2", "#d7a6ff") },
  { tag: [t.string, t.special(t.string), t.regexp], color: ink("#0a6b2e", "#9bd88a") },
  { tag: [t.number, t.bool, t.null, t.atom], color: ink("#9c3d00", "#f0b27a") },
  { tag: [t.comment, t.meta], color: ink("#535a66", "#aab3c0"), fontStyle: "italic" },
  { tag: [t.typeName, t.className, t.namespace], color: ink("#0b5394", "#7cc7ff") },
  { tag: [t.function(t.variableName), t.function(t.propertyName)], color: ink("#1f3a93", "#a9c7ff") },
  { tag: [t.propertyName, t.attributeName], color: ink("#6b3a00", "#e6cfa7") },
  { tag: t.invalid, color: ink("#b00020", "#ff9d9d") },
]);

const ground = ink("var(--mantine-color-white)", "var(--mantine-color-dark-8)");
const edge = "var(--mantine-color-default-border)";

const frame = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: ground, color: "var(--mantine-color-text)" },
  "&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  ".cm-gutters": { backgroundColor: ground, color: ink("#5c6370", "#a3acba"), borderRight: `1px solid ${edge}` },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: ink("rgba(61, 72, 184, 0.06)", "rgba(255, 255, 255, 0.05)") },
  ".cm-tooltip": { backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)", border: `1px solid ${edge}`, borderRadius: "4px", maxWidth: "38rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--mantine-primary-color-filled)", color: "#fff" },
  ".cm-completionIcon": { opacity: "1", paddingRight: "1.2em" },
  ".cm-diagnostic": { padding: "6px 10px", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-panels": { backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": { backgroundColor: "var(--mantine-color-default)", backgroundImage: "none", color: "var(--mantine-color-text)", border: `1px solid ${edge}` },
  ".cm-tk-hover": { padding: "8px 10px", maxHeight: "18rem", overflow: "auto" },
  ".cm-tk-signature": { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "12px", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-tk-doc": { fontSize: "13px", marginTop: "6px", whiteSpace: "pre-wrap", maxWidth: "34rem" },
  // The merge view's own colours fail AA in the dark.
  ".cm-deletedChunk": { backgroundColor: ink("#fdecec", "#3d1f22"), paddingLeft: "6px" },
  ".cm-deletedChunk .cm-deletedText, .cm-deletedText": { background: ink("#f8c9c9", "#6d2b31"), textDecoration: "none" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: ink("#e9f7ec", "#1c3324") },
  ".cm-changedText, .cm-insertedLine .cm-changedText": { background: ink("#c9edd2", "#21472f") },
  ".cm-changedLineGutter": { background: ink("#2e7d43", "#7fd096") },
  ".cm-deletedLineGutter": { background: ink("#b3363c", "#f08a90") },
  ".cm-collapsedLines": { color: "var(--mantine-color-text)", background: ink("#eef0f4", "#2a2d33"), padding: "4px 10px" },
});

/** How code looks; dark says which of the editor's own defaults apply. */
export function look(dark: boolean, nonce: string): Extension {
  return [EditorView.darkTheme.of(dark), EditorView.cspNonce.of(nonce), frame, syntaxHighlighting(highlighting)];
}
