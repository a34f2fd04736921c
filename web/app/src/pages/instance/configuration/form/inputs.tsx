import { Autocomplete, NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { locking } from "../../../../ui/allowed";
import { plain } from "../../../../ui/plain";
import type { Path } from "../edits";
import { Choice, Flip } from "./Choice";
import { mistake, textsAt, useSheet, valueAt } from "./context";

interface Setting {
  path: Path;
  label: string;
  description?: string;
  /** Steps of the path that stay when the setting is emptied. */
  keep?: number;
  /** The label is not drawn: the column's heading says it. */
  bare?: boolean;
}

/** What every input has: its name, its mistake, and why it is locked. */
function useSetting({ path, label, description, bare }: Setting) {
  const sheet = useSheet();
  const wrong = mistake(sheet.errors, path);
  const props = {
    error: wrong === undefined ? undefined : plain(wrong), ...locking(sheet.may),
    ...(bare ? { "aria-label": label } : { label, description }),
  };
  return { sheet, value: valueAt(sheet.values, path), props };
}

const spoken = (v: unknown): string => (typeof v === "string" ? v : typeof v === "number" || typeof v === "boolean" ? String(v) : "");

/** A text. Emptied, the setting is removed. */
export function TextSetting(s: Setting & { placeholder?: string; code?: boolean; required?: boolean }): ReactNode {
  const { sheet, value, props } = useSetting(s);
  if (typeof value === "object" && value !== null) return <TextInput {...props} value="written out in YAML" readOnly />;
  return <TextInput {...props} placeholder={s.placeholder} required={s.required} spellCheck={false} styles={s.code ? { input: { fontFamily: "var(--mantine-font-family-monospace)" } } : undefined} value={spoken(value)}
    onChange={(e) => { const v = e.currentTarget.value; if (v === "") sheet.unset(s.path, s.keep); else sheet.set(s.path, v); }} />;
}

/** One of some words; "" stands for leaving the setting out. */
export function ChoiceSetting(s: Setting & { data: { value: string; label: string }[] }): ReactNode {
  const { sheet, value, props } = useSetting(s);
  return <Choice {...props} may={sheet.may} data={s.data} value={spoken(value)} choose={(v) => { if (v === "") sheet.unset(s.path, s.keep); else sheet.set(s.path, v); }} />;
}

/** Yes or no. The default is not written. */
export function SwitchSetting(s: Setting & { fallback?: boolean; forbidden?: string }): ReactNode {
  const { sheet, value, props } = useSetting(s);
  const on = typeof value === "boolean" ? value : (s.fallback ?? false);
  return <Flip label={s.label} description={s.description} error={props.error} may={s.forbidden && !on ? s.forbidden : sheet.may} on={on} set={(v) => { if (v === (s.fallback ?? false)) sheet.unset(s.path, s.keep); else sheet.set(s.path, v); }} />;
}

/** A list of texts. */
export function ListSetting(s: Setting & { placeholder?: string; data?: string[] }): ReactNode {
  const { sheet, props } = useSetting(s);
  const value = textsAt(sheet.values, s.path);
  return <TagsInput {...props} data={s.data} placeholder={value.length === 0 ? s.placeholder : undefined} value={value} splitChars={[",", " "]} acceptValueOnBlur
    onChange={(v) => { if (v.length === 0) sheet.unset(s.path, s.keep); else sheet.set(s.path, v, true); }} />;
}

/** A whole number. */
export function NumberSetting(s: Setting & { placeholder?: string; min?: number; max?: number }): ReactNode {
  const { sheet, value, props } = useSetting(s);
  return <NumberInput {...props} placeholder={s.placeholder} min={s.min} max={s.max} allowDecimal={false} thousandSeparator=" " hideControls={sheet.may !== true} value={typeof value === "number" ? value : ""}
    onChange={(v) => { if (typeof v === "number") sheet.set(s.path, v); else if (v === "") sheet.unset(s.path, s.keep); }} />;
}

/** The name of a secret; the path leads to the mapping that holds it. */
export function SecretSetting(s: Setting): ReactNode {
  const { sheet, props } = useSetting(s);
  return <Autocomplete {...props} data={sheet.secrets} placeholder="NAME_OF_SECRET" value={spoken(valueAt(sheet.values, [...s.path, "secret"]))}
    onChange={(v) => { if (v === "") sheet.unset(s.path, s.keep); else sheet.set(s.path, { secret: v }, true); }} />;
}

/** A key of the document: taken over when the input is left, so that a half-typed name is never one. */
export function KeyInput({ path, label, onRenamed, bare }: { path: Path; label: string; onRenamed?: (name: string) => void; bare?: boolean }): ReactNode {
  const sheet = useSheet();
  const key = String(path[path.length - 1]);
  const [typed, setTyped] = useState(key);
  const taken = typed !== key && valueAt(sheet.values, [...path.slice(0, -1), typed]) !== undefined;
  const done = (): void => {
    const name = typed.trim();
    if (name === key) return;
    if (name === "" || taken) { setTyped(key); return; }
    sheet.rename(path, name);
    onRenamed?.(name);
  };
  return <TextInput {...(bare ? { "aria-label": label } : { label })} value={typed} {...locking(sheet.may)} spellCheck={false} error={taken ? "There is one of this name." : undefined}
    onChange={(e) => { setTyped(e.currentTarget.value); }} onBlur={done} onKeyDown={(e) => { if (e.key === "Enter") e.currentTarget.blur(); }} />;
}
