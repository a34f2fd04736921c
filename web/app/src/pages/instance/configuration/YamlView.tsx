import { Paper } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { LazyEditor } from "../../../editor/lazy";
import { nonce } from "../../../settings";
import { columnAt, lineAt, locate, marks, parse, type Finding } from "./document";
import type { Draft } from "./useDraft";

interface Props {
  draft: Draft;
  errors: Finding[];
  warnings: Finding[];
  readOnly: boolean;
  /** The path to show. */
  at: string;
}

/** The document as text. */
export function YamlView({ draft, errors, warnings, readOnly, at }: Props): ReactNode {
  const { text } = draft;
  const found = useMemo(() => marks(text, errors, warnings).map((m) => ({ line: lineAt(text, m.from), column: columnAt(text, m.from), length: m.to - m.from, severity: m.severity, message: m.message })), [text, errors, warnings]);
  const target = useMemo(() => {
    if (!at) return undefined;
    const place = locate(parse(text), at);
    return { line: lineAt(text, place.from), column: columnAt(text, place.from) };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the place is found when the path changes, not while typing
  }, [at]);
  return (
    <Paper withBorder h="62vh">
      <LazyEditor path="turnkey.yaml" label="Configuration, in YAML" nonce={nonce} text={text} clean={!draft.unsaved} readOnly={readOnly} marks={found} target={target}
        onChange={draft.edit} onSave={() => { if (draft.unsaved && !draft.stale) draft.save(); }} />
    </Paper>
  );
}
