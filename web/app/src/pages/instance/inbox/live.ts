import { useQuery, type QueryKey } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { usePages, type List } from "../../../api/pages";

/** A page of a list, as the API answers it. */
export interface Pages<T> {
  data: T[];
  next_cursor: string | null;
}

/** A list that follows what happens. */
export interface Live<T> extends List<T> {
  /** How many rows would come or go if it were read anew; 0 where that happens by itself. */
  newer: number;
}

interface Options {
  /** Somebody is reading or choosing: rows change in place, but none come or go before they ask. */
  held: boolean;
}

/**
 * Reads a list, newest first, and looks at its beginning every few seconds. Rows that are shown follow at once. New ones
 * come by themselves while one is at the top with nothing chosen; else the page says how many there are.
 */
export function useLive<T extends { id: string }>(key: QueryKey, read: (cursor: string | undefined) => Promise<Pages<T>>, { held }: Options): Live<T> {
  const list = usePages(key, async (cursor) => {
    const page = await read(cursor);
    return { data: page.data, next_cursor: page.next_cursor ?? undefined };
  });
  const head = useQuery({ queryKey: [...key, "head"], queryFn: () => read(undefined), refetchInterval: 5_000, enabled: !list.waiting });
  const changes = compare(list.rows, head.data);
  const { refresh } = list;
  const asked = useRef(0);
  useEffect(() => {
    // Once for each look at the beginning: a list that cannot be read anew is not asked for all the time.
    if (changes.count === 0 || held || asked.current === head.dataUpdatedAt || window.scrollY > 160) return;
    asked.current = head.dataUpdatedAt;
    refresh();
  }, [changes.count, held, refresh, head.dataUpdatedAt]);
  return { ...list, rows: changes.rows, newer: changes.count };
}

/** Lays the beginning of a list, read just now, over what is shown. */
export function compare<T extends { id: string }>(rows: T[], head: Pages<T> | undefined): { rows: T[]; count: number } {
  if (!head) return { rows, count: 0 };
  const fresh = new Map(head.data.map((r) => [r.id, r]));
  const shown = new Set(rows.map((r) => r.id));
  const first = rows[0]?.id ?? "";
  const came = head.data.filter((r) => !shown.has(r.id) && r.id > first).length;
  // The beginning reaches down to its last row, or to the end when there is no other page.
  const last = head.next_cursor ? (head.data.at(-1)?.id ?? "") : "";
  const went = rows.filter((r) => r.id >= last && !fresh.has(r.id)).length;
  return { rows: rows.map((r) => fresh.get(r.id) ?? r), count: came + went };
}
