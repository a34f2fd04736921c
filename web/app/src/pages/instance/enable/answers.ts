import { useCallback, useState } from "react";
import type { components } from "../../../api/schema";
import { firstRule, type Place, type Rule } from "./rules";
import type { Chosen } from "./providers";

export type Proposed = components["schemas"]["ProposedTable"];

/** One table that was found, as it will be configured. */
export interface Table {
  proposed: Proposed;
  included: boolean;
  id: string;
  /** Types that were changed, and columns that were left out. */
  types: Record<string, string>;
  left: string[];
  rule: Rule;
}

/** Where a column of a found table is, and the type that it will have. */
export function placeOf(t: Table, column: string): Place {
  const found = t.proposed.table.fields[column];
  return { path: found?.path ?? column, type: t.types[column] ?? found?.type.name };
}

/** What the guide has been told. The connection string is never among it: it is stored as a secret at once. */
export interface Answers {
  type: "mongodb" | "postgres";
  database: string;
  stored: boolean;
  tables: Table[] | undefined;
  providers: Chosen[];
  developmentTokens: boolean;
  powersyncURL: string;
}

export function blank(kind: string): Answers {
  return { type: "mongodb", database: "", stored: false, tables: undefined, providers: [], developmentTokens: kind === "development", powersyncURL: "" };
}

/** What was found becomes what is proposed: everything included, and whose a row is guessed. */
export function propose(found: Proposed[], before: Table[] | undefined): Table[] {
  return found.map((proposed) => {
    const old = before?.find((t) => t.proposed.name === proposed.name);
    if (old) return { ...old, proposed };
    return { proposed, included: true, id: proposed.table.id, types: {}, left: [], rule: firstRule(Object.keys(proposed.table.fields)) };
  });
}

const key = (instance: string): string => "turnkey-enable-" + instance;

/** The answers, kept in the tab so that a reload or a look elsewhere loses nothing. */
export function useAnswers(instance: string, kind: string): [Answers, (change: Partial<Answers>) => void] {
  const [answers, set] = useState<Answers>(() => read(instance) ?? blank(kind));
  const change = useCallback(
    (part: Partial<Answers>) => {
      set((old) => {
        const next = { ...old, ...part };
        try {
          sessionStorage.setItem(key(instance), JSON.stringify(next));
        } catch {
          // A browser without storage forgets at a reload; nothing else.
        }
        return next;
      });
    },
    [instance],
  );
  return [answers, change];
}

/** Called when the guide is done. */
export function forget(instance: string): void {
  try {
    sessionStorage.removeItem(key(instance));
  } catch {
    // see above
  }
}

function read(instance: string): Answers | undefined {
  try {
    const text = sessionStorage.getItem(key(instance));
    return text ? (JSON.parse(text) as Answers) : undefined;
  } catch {
    return undefined;
  }
}
