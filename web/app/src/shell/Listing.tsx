import { Button, Group, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import type { List } from "../api/pages";
import { Failure } from "../ui/Failure";
import { Rows, Waiting } from "../ui/Rows";

interface Props<T> {
  list: List<T>;
  label: string;
  head: ReactNode[];
  row: (item: T) => ReactNode;
  /** Shown when there is nothing at all. */
  empty: ReactNode;
}

/** A list of the API with each of its states: being read, failed, empty, filled, and more to come. */
export function Listing<T>({ list, label, head, row, empty }: Props<T>): ReactNode {
  if (list.waiting) return <Waiting />;
  if (list.problem && list.rows.length === 0) return <Failure trouble={list.problem} retry={list.refresh} />;
  if (list.rows.length === 0) return empty;
  return (
    <Stack gap="sm">
      {list.problem && <Failure trouble={list.problem} retry={list.refresh} />}
      <Rows label={label} head={head}>{list.rows.map(row)}</Rows>
      {list.more && <Group justify="center"><Button variant="default" loading={list.loadingMore} onClick={list.more}>Show more</Button></Group>}
    </Stack>
  );
}
