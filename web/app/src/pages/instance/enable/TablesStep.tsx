import { Accordion, Alert, Badge, Checkbox, Group, NativeSelect, Stack, Table as Grid, Text } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { propose, type Table } from "./answers";
import type { StepProps } from "./EnablePage";
import { StepTitle } from "./StepTitle";

const ids = [{ value: "objectid", label: "ObjectId" }, { value: "uuid", label: "UUID" }, { value: "string", label: "Text" }, { value: "int64", label: "Integer" }];
const types = ["string", "objectid", "uuid", "int32", "int64", "double", "decimal", "bool", "date", "binary", "json", "array", "object", "unknown"];

/** What was found in the database, to confirm: tables, the type of their ids, and of each column. */
export function TablesStep({ answers, change, next }: StepProps): ReactNode {
  const { instance, may } = useHere();
  const inspect = useAct(() => body(client.POST("/api/v1/instances/{instance}/source/inspect", { params: { path: { instance: instance.id } }, body: { type: answers.type, database: answers.database, secret: "SOURCE_URI" } })), {
    quiet: true,
    then: (found) => { change({ tables: propose(found.tables ?? [], answers.tables) }); },
  });
  const { mutate } = inspect;
  const waiting = answers.tables === undefined;
  useEffect(() => { if (waiting && may("source:test") === true) mutate(undefined); }, [waiting, may, mutate]);
  const tables = answers.tables ?? [];
  const edit = (name: string, part: Partial<Table>): void => { change({ tables: tables.map((t) => (t.proposed.name === name ? { ...t, ...part } : t)) }); };
  const included = tables.filter((t) => t.included).length;
  return (
    <Stack gap="md">
      <StepTitle lead="Read from a sample of your rows, validators and column types. Values come back to the database with exactly these types.">Tables that devices write</StepTitle>
      {inspect.problem && <Failure title="The database could not be read" trouble={inspect.problem} retry={() => { mutate(undefined); }} />}
      {waiting && !inspect.problem && <Waiting lines={3} />}
      {!waiting && tables.length === 0 && <Empty title="No tables were found">Make a collection or table first, then read the database again.</Empty>}
      {(inspect.data?.notes ?? []).length > 0 && <Alert color="yellow" variant="light">{inspect.data?.notes?.map((n) => <Text size="sm" key={n}><Plain>{n}</Plain></Text>)}</Alert>}
      <Accordion multiple variant="separated" chevronPosition="left">
        {tables.map((t) => <OneTable key={t.proposed.name} table={t} edit={(part) => { edit(t.proposed.name, part); }} />)}
      </Accordion>
      <Group>
        <Action may={included > 0 ? true : "Choose at least one table."} onClick={next}>Go on with {included} {included === 1 ? "table" : "tables"}</Action>
        <Action variant="default" may={may("source:test")} loading={inspect.isPending} onClick={() => { mutate(undefined); }}>Read the database again</Action>
      </Group>
    </Stack>
  );
}

function OneTable({ table, edit }: { table: Table; edit: (part: Partial<Table>) => void }): ReactNode {
  const { proposed } = table;
  const columns = Object.entries(proposed.table.fields);
  const name = plain(proposed.name);
  const warnings = proposed.warnings ?? [];
  return (
    <Accordion.Item value={proposed.name}>
      <Group gap="xs" wrap="nowrap" pl="sm">
        <Checkbox checked={table.included} onChange={(e) => { edit({ included: e.currentTarget.checked }); }} aria-label={`Let devices write ${name}`} />
        <Accordion.Control>
          <Group gap="xs">
            <Text fw={600}><Plain>{proposed.name}</Plain></Text>
            <Text size="sm" c="dimmed">{columns.length} {columns.length === 1 ? "column" : "columns"}, {proposed.rows === 1 ? "one row" : `about ${proposed.rows} rows`}, ids: {ids.find((i) => i.value === table.id)?.label}</Text>
            {warnings.length > 0 && <Badge color="yellow" variant="light">{warnings.length === 1 ? "1 thing to look at" : `${warnings.length} things to look at`}</Badge>}
          </Group>
        </Accordion.Control>
      </Group>
      <Accordion.Panel>
        <Stack gap="sm">
          {warnings.map((w) => <Alert key={w} color="yellow" variant="light" p="xs"><Plain>{w}</Plain></Alert>)}
          <NativeSelect label="Type of row ids" w={220} data={ids} value={table.id} onChange={(e) => { edit({ id: e.currentTarget.value }); }} />
          <Rows label={`Columns of ${name}`} head={["Column", "Type", "Where it is"]}>
            {columns.map(([c, f]) => (
              <Grid.Tr key={c}>
                <Grid.Td><Checkbox label={<Plain>{c}</Plain>} checked={!table.left.includes(c)} onChange={(e) => { edit({ left: e.currentTarget.checked ? table.left.filter((x) => x !== c) : [...table.left, c] }); }} /></Grid.Td>
                <Grid.Td><NativeSelect aria-label={`Type of ${plain(c)}`} size="xs" w={140} data={types} value={table.types[c] ?? f.type.name ?? "unknown"} onChange={(e) => { edit({ types: { ...table.types, [c]: e.currentTarget.value } }); }} /></Grid.Td>
                <Grid.Td><code><Plain>{f.path}</Plain></code></Grid.Td>
              </Grid.Tr>
            ))}
          </Rows>
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}
