import type { ReactNode } from "react";
import type { May } from "../../../api/can";
import { useHere } from "../../../shell/instance";
import { useSearchState } from "../../../shell/search";
import { Page } from "../../../ui/Page";
import { Undeployed } from "../enable/Undeployed";
import { Filters, type Filter } from "./Filters";
import type { Placed } from "./groups";
import { Inbox, useSelection } from "./Inbox";
import { useLive, type Pages } from "./live";
import type { Outcome, Words } from "./results";
import { useWaiting } from "./waiting";

/** Something that can be done to the rows that are chosen. */
export interface Deed {
  label: string;
  danger?: boolean;
  may: May;
  words: Words;
  call: (ids: string[]) => Promise<Outcome[]>;
  /** The question, about "one conflict" or "12 conflicts". */
  title: (these: string) => string;
  body: ReactNode;
}

interface Props<T, F extends Record<string, string>> {
  title: string;
  lead: string;
  /** Its name in the API, and in the counts of what waits. */
  kind: "conflicts" | "rejections" | "deliveries";
  /** What one row and several are called in questions. */
  nouns: [one: string, many: string];
  defaults: F;
  /** What the list is narrowed by; `option` writes how many wait beside a state. */
  filters: (option: (value: string, label: string) => { value: string; label: string }) => Filter[];
  read: (filter: F, cursor: string | undefined) => Promise<Pages<T>>;
  /** The order to show rows in; absent: as they come. */
  arrange?: (rows: T[]) => Placed<T>[];
  deeds: Deed[];
  name: (row: T) => string;
  selectable: (row: T) => boolean;
  label: string;
  head: ReactNode[];
  cells: (row: T, placed: Placed<T>) => ReactNode[];
  href: (id: string) => string;
  empty: (narrowed: boolean) => ReactNode;
}

/** A page of what waits for somebody: narrowed by the address, followed as it happens, chosen and dealt with together. */
export function InboxPage<T extends { id: string }, F extends Record<string, string>>(p: Props<T, F>): ReactNode {
  const { instance } = useHere();
  if (instance.deployment === 0) return <Page title={p.title} lead={p.lead}><Undeployed instance={instance.id} /></Page>;
  return <Followed {...p} />;
}

function Followed<T extends { id: string }, F extends Record<string, string>>(p: Props<T, F>): ReactNode {
  const { instance } = useHere();
  const [filter, setFilter] = useSearchState(p.defaults);
  const [selected, select] = useSelection();
  const waiting = useWaiting(instance.id)?.[p.kind] as Record<string, string> | undefined;
  const list = useLive<T>(["inbox", p.kind, instance.id, filter], (cursor) => p.read(filter, cursor), { held: selected.size > 0 });
  const option = (value: string, label: string) => ({ value, label: waiting?.[value] ? `${label} (${waiting[value]})` : label });
  const [one, many] = p.nouns;
  const bulk = p.deeds.map((d) => ({ ...d, title: (n: number) => d.title(n === 1 ? `one ${one}` : `${n} ${many}`) }));
  const placed = p.arrange?.(list.rows) ?? list.rows.map((row) => ({ row, child: false, orphan: false }));
  return (
    <Page title={p.title} lead={p.lead}>
      <Filters filters={p.filters(option)} state={filter} defaults={p.defaults} set={(change) => { setFilter(change as Partial<F>); }} />
      <Inbox list={list} placed={placed} selected={selected} select={select} bulk={bulk} name={p.name} selectable={p.selectable} label={p.label} head={p.head} cells={p.cells} href={p.href}
        empty={p.empty(JSON.stringify(filter) !== JSON.stringify(p.defaults))} />
    </Page>
  );
}
