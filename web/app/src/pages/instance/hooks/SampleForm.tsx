import { Group, JsonInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { sampleOperation, sampleRow, sampleUser, type Sample } from "./sample";
import type { Table } from "./template";

/** A sample as it is being edited. */
export interface SampleTexts {
  table: string;
  op: Sample["op"];
  id: string;
  data: string;
  previous: string;
  old: string;
  user: string;
}

const pretty = (v: unknown): string => (v === undefined ? "" : JSON.stringify(v, null, 2));

/** Fills a sample from the table's types. A change and a deletion get a row that they are about. */
export function fillSample(table: Table | undefined, op: Sample["op"]): SampleTexts | undefined {
  if (!table) return undefined;
  const now = new Date().toISOString();
  const s = sampleOperation(table, op, now);
  return { table: table.name, op, id: s.id, data: pretty(s.data), previous: pretty(s.previousValues), old: op === "PUT" ? "null" : pretty(sampleRow(table, now)), user: pretty(sampleUser(table, now)) };
}

/** Reads it for the request; what is no JSON is told with the name of its box. */
export function readSample(s: SampleTexts | undefined): Pick<components["schemas"]["RunInputBody"], "operation" | "user" | "old"> {
  if (!s) throw new Error("There is nothing to run.");
  const read = (text: string, box: string): unknown => {
    if (text.trim() === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${box} is no JSON.`);
    }
  };
  const old = read(s.old, "The stored row");
  return {
    operation: { op: s.op, table: s.table, id: s.id, data: read(s.data, "The data"), previousValues: read(s.previous, "Previous values") } as components["schemas"]["RehearsedOperation"],
    user: (read(s.user, "The user") ?? { id: "user-1" }) as components["schemas"]["RehearsedUser"],
    ...(old === undefined ? {} : { old }),
  };
}

interface Props {
  tables: Table[];
  texts: SampleTexts;
  change: (texts: SampleTexts) => void;
}

/** A write to try, as a device would send it. */
export function SampleForm({ tables, texts, change }: Props): ReactNode {
  const refill = (name: string, op: Sample["op"]): void => {
    const filled = fillSample(tables.find((t) => t.name === name), op);
    if (filled) change(filled);
  };
  const box = (key: "data" | "previous" | "old" | "user", label: string, description: string, disabled = false): ReactNode => (
    <JsonInput label={label} description={description} value={texts[key]} onChange={(v) => { change({ ...texts, [key]: v }); }} validationError="This is no JSON" autosize minRows={3} maxRows={16} disabled={disabled} spellCheck={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }} />
  );
  return (
    <>
      <Group gap="md" align="flex-end">
        <Select label="Operation" data={["PUT", "PATCH", "DELETE"]} value={texts.op} allowDeselect={false} w={120} onChange={(v) => { refill(texts.table, (v ?? "PUT") as Sample["op"]); }} />
        <Select label="Table" data={tables.map((t) => t.name)} value={texts.table} allowDeselect={false} searchable onChange={(v) => { if (v) refill(v, texts.op); }} />
        <TextInput label="Row" value={texts.id} onChange={(e) => { change({ ...texts, id: e.currentTarget.value }); }} w={280} />
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {box("data", "Data", "The columns as a device sends them: booleans are 1 and 0", texts.op === "DELETE")}
        {box("old", "The stored row", "In the source's names; null: there is none; empty: what is really stored")}
        {box("previous", "Previous values", "What the device had seen; empty: it did not say")}
        {box("user", "Who writes", "The user's id and claims")}
      </SimpleGrid>
    </>
  );
}
