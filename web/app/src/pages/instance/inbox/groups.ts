/** A row that may wait for another. */
interface Grouped {
  id: string;
  group: string;
}

/** A row in its place below the one that it waits for. */
export interface Placed<T> {
  row: T;
  /** Shown below its parent. */
  child: boolean;
  /** It waits for a row that is not shown. */
  orphan: boolean;
}

/**
 * Puts what waits under what it waits for, in the order in which it will be released. A group stands where its newest
 * row is, so that a list that grows at its end moves nothing that was shown before.
 */
export function arrange<T extends Grouped>(rows: T[]): Placed<T>[] {
  const members = new Map<string, T[]>();
  for (const row of rows) members.set(row.group, [...(members.get(row.group) ?? []), row]);
  return [...members].flatMap(([group, list]) => {
    const head = list.find((r) => r.id === group);
    const rest = list.filter((r) => r.id !== group).sort((a, b) => (a.id < b.id ? -1 : 1));
    return [...(head ? [{ row: head, child: false, orphan: false }] : []), ...rest.map((row) => ({ row, child: !!head, orphan: !head }))];
  });
}
