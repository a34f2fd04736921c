import { yaml } from "@codemirror/lang-yaml";
import { useMemo, type ReactNode } from "react";
import { Editor } from "../../../ui/editor/Editor";
import { locate, marks, parse, type Finding } from "./document";
import type { Draft } from "./useDraft";

const language = yaml();

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
  const shown = useMemo(() => marks(text, errors, warnings), [text, errors, warnings]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the place is found when the path changes, not while typing
  const place = useMemo(() => (at ? locate(parse(text), at) : undefined), [at]);
  return <Editor label="Configuration, in YAML" value={text} onChange={draft.edit} language={language} readOnly={readOnly} marks={shown} at={place} onSave={() => { if (draft.unsaved) draft.save(); }} />;
}
