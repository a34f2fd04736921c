import { Box, Skeleton, Stack, Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Rows.module.css";

interface Props {
  /** What the table lists, for screen readers. */
  label: string;
  head: ReactNode[];
  children: ReactNode;
}

/** A table that scrolls sideways by itself on narrow screens, rather than squeeze its columns. */
export function Rows({ label, head, children }: Props): ReactNode {
  return (
    <Table.ScrollContainer w="100%" minWidth={Math.max(540, head.length * 112)} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": `${label}, as a table`, role: "region" } }}>
      <Table className={classes.rows} verticalSpacing="xs" highlightOnHover aria-label={label}>
        <Table.Thead><Table.Tr>{head.map((h, n) => <Table.Th key={n} scope="col">{h === "" ? <VisuallyHidden>What can be done</VisuallyHidden> : h}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The place of a list that is being read; as high as a short list, so that nothing jumps. */
export function Waiting({ lines = 4 }: { lines?: number }): ReactNode {
  return (
    <Box role="status" aria-label="Loading">
      <Stack gap="xs">{Array.from({ length: lines }, (_, n) => <Skeleton key={n} height={38} radius="sm" />)}</Stack>
    </Box>
  );
}
