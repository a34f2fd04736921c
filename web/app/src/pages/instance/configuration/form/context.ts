import { createContext, useContext } from "react";
import type { May } from "../../../../api/can";
import { spelled, type Path } from "../edits";
import type { Finding } from "../document";

/** What the parts of the form share: the document's values, and how to change it. */
export interface Sheet {
  values: Record<string, unknown>;
  errors: Finding[];
  may: May;
  production: boolean;
  secrets: string[];
  set: (path: Path, value: unknown, flow?: boolean) => void;
  unset: (path: Path, keep?: number) => void;
  rename: (path: Path, name: string) => void;
  append: (path: Path, value: unknown) => void;
  /** Shows a place in the YAML. */
  go: (path: string) => void;
}

export const SheetContext = createContext<Sheet | undefined>(undefined);

export function useSheet(): Sheet {
  const sheet = useContext(SheetContext);
  if (!sheet) throw new Error("useSheet outside of the form");
  return sheet;
}

/** A value of the document, undefined where there is none. */
export function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>((v, step) => (typeof v === "object" && v !== null ? (v as Record<string | number, unknown>)[step] : undefined), values);
}

/** A mapping of the document; an empty one where there is none. */
export function mappingAt(values: unknown, path: Path): Record<string, unknown> {
  const v = valueAt(values, path);
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}

/** A list of texts; one text alone is a list of it, as for the server. */
export function textsAt(values: unknown, path: Path): string[] {
  const v = valueAt(values, path);
  if (Array.isArray(v)) return v.map(String);
  return typeof v === "string" ? [v] : [];
}

/** The mistake at a place or below it, in words. */
export function mistake(errors: Finding[], path: Path): string | undefined {
  const at = spelled(path);
  const f = errors.find((e) => e.path === at || e.path.startsWith(`${at}.`) || e.path.startsWith(`${at}[`));
  return f && (f.hint ? `${f.message} ${f.hint}` : f.message);
}
