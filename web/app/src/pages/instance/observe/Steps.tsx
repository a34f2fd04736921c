import { Badge, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Plain } from "../../../ui/Plain";
import { Rows } from "../../../ui/Rows";
import { many, took } from "./numbers";
import { barOf, kinds } from "./steps";
import classes from "./Steps.module.css";

type Detail = components["schemas"]["Trace"];

/** What a transaction did one after another: requests to the database and calls of hooks, each with its time. */
export function Steps({ detail, whole }: { detail: Detail; whole: number }): ReactNode {
  const steps = detail.steps ?? [];
  return (
    <>
      <Rows label="Steps" head={["Step", "Began after", "Took", "Of the whole"]}>
        {steps.map((s, n) => (
          <Table.Tr key={n}>
            <Table.Td>
              {kinds[s.kind] ?? s.kind} <code><Plain>{s.name}</Plain></code>
              {s.operation !== undefined && <Text span size="xs" c="dimmed"> operation {s.operation + 1}</Text>}
              {s.result && <Text span size="xs" c="dimmed">, <Plain>{s.result}</Plain></Text>}
              {s.failed && <Badge ml="xs" color="red" variant="light" tt="none" miw="max-content">did not succeed</Badge>}
            </Table.Td>
            <Table.Td>{took(s.at_us)}</Table.Td>
            <Table.Td>{took(s.duration_us)}</Table.Td>
            <Table.Td miw={120}><Bar {...barOf(s, whole)} kind={s.kind} /></Table.Td>
          </Table.Tr>
        ))}
      </Rows>
      {detail.more_steps ? <Text size="sm" c="dimmed">and {many(detail.more_steps, "more step")}</Text> : null}
    </>
  );
}

function Bar({ from, width, kind }: { from: number; width: number; kind: string }): ReactNode {
  return (
    <svg className={classes.bar} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect className={classes.track} x={0} y={4} width={100} height={2} />
      <rect className={kind === "hook" ? classes.hook : classes.database} x={from} y={0} width={width} height={10} />
    </svg>
  );
}
