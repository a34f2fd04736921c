import { Button, Checkbox, Stack, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { May } from "../../../api/can";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { useBulk, type Bulk } from "./bulk";
import type { Placed } from "./groups";
import type { Live } from "./live";
import { Report } from "./Report";
import classes from "./inbox.module.css";

/** A bulk action as a button. */
export interface BulkButton extends Bulk {
  may: May;
  danger?: boolean;
  /** Why a row cannot be among them; absent: all can. */
  title: (count: number) => string;
  body: ReactNode;
}

interface Props<T> {
  list: Live<T>;
  /** The rows in the order to show them. */
  placed: Placed<T>[];
  selected: Set<string>;
  select: (ids: Set<string>) => void;
  /** What a row is called, for its checkbox. */
  name: (row: T) => string;
  /** Whether something can still be done about it. */
  selectable: (row: T) => boolean;
  label: string;
  head: ReactNode[];
  cells: (row: T, placed: Placed<T>) => ReactNode[];
  bulk: BulkButton[];
  href: (id: string) => string;
  empty: ReactNode;
}

/** A list of what waits for somebody: chosen rows, what is done with them, and what came of it. */
export function Inbox<T extends { id: string }>(p: Props<T>): ReactNode {
  const bulk = useBulk(() => { p.select(new Set()); });
  const can = p.placed.filter(({ row }) => p.selectable(row)).map(({ row }) => row.id);
  const chosen = can.filter((id) => p.selected.has(id));
  const toggle = (ids: string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const id of ids) if (on) next.add(id); else next.delete(id);
    p.select(next);
  };
  if (p.list.waiting) return <Waiting lines={6} />;
  if (p.list.problem && p.list.rows.length === 0) return <Failure trouble={p.list.problem} retry={p.list.refresh} />;
  return (
    <Stack gap="sm">
      <div className={classes.bar}>
        <Text size="sm" role="status">{chosen.length > 0 ? `${chosen.length} chosen` : `${p.placed.length}${p.list.more ? "+" : ""} shown`}</Text>
        {p.placed.length > 0 && p.bulk.map((b) => <BulkAction key={b.label} button={b} chosen={chosen} busy={bulk.busy} run={bulk.run} />)}
        {p.list.newer > 0 && <Button size="compact-sm" variant="light" onClick={p.list.refresh}>{p.list.newer} changed: show</Button>}
      </div>
      <Report told={bulk.told} href={p.href} close={bulk.clear} />
      {p.list.problem && <Failure trouble={p.list.problem} retry={p.list.refresh} />}
      {p.placed.length === 0 ? p.empty : (
        <Rows label={p.label} head={[<Checkbox key="all" aria-label="Choose all that are shown" size="xs" checked={chosen.length > 0 && chosen.length === can.length} indeterminate={chosen.length > 0 && chosen.length < can.length} disabled={can.length === 0} onChange={(e) => { toggle(can, e.currentTarget.checked); }} />, ...p.head]}>
          {p.placed.map((placed) => (
            <Table.Tr key={placed.row.id} className={placed.child ? `${classes.row} ${classes.child}` : classes.row}>
              <Table.Td w={32}><Checkbox size="xs" aria-label={plain(`Choose ${p.name(placed.row)}`)} disabled={!p.selectable(placed.row)} checked={p.selected.has(placed.row.id)} onChange={(e) => { toggle([placed.row.id], e.currentTarget.checked); }} /></Table.Td>
              {p.cells(placed.row, placed).map((c, n) => <Table.Td key={n}>{c}</Table.Td>)}
            </Table.Tr>
          ))}
        </Rows>
      )}
      {p.list.more && <Button mx="auto" variant="default" loading={p.list.loadingMore} onClick={p.list.more}>Show more</Button>}
    </Stack>
  );
}

function BulkAction({ button, chosen, busy, run }: { button: BulkButton; chosen: string[]; busy: boolean; run: (b: Bulk, ids: string[]) => void }): ReactNode {
  const may = button.may !== true ? button.may : busy ? "Something else is under way." : chosen.length === 0 ? "Choose rows first." : true;
  const ask = (): void => {
    confirm({ title: button.title(chosen.length), body: button.body, action: button.label, danger: !!button.danger, onConfirm: () => { run(button, chosen); } });
  };
  return <Action size="compact-sm" variant={button.danger ? "light" : "default"} color={button.danger ? "red" : undefined} may={may} onClick={ask}>{button.label}</Action>;
}

/** Which rows are chosen. They are no part of the address: what is chosen is about to be done. */
export function useSelection(): [Set<string>, (ids: Set<string>) => void] {
  return useState<Set<string>>(() => new Set());
}
