import { ActionIcon, Anchor, Button, Checkbox, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { IconTrash } from "../../../../ui/icons";
import { plain } from "../../../../ui/plain";
import { Rows } from "../../../../ui/Rows";
import { mappingAt, mistake, useSheet, valueAt } from "./context";
import { KeyInput } from "./inputs";
import { fieldTypes, mergePolicies } from "./words";

/** A table's columns. */
export function FieldsForm({ table }: { table: string }): ReactNode {
  const sheet = useSheet();
  const fields = mappingAt(sheet.values, ["tables", table, "fields"]);
  const names = Object.keys(fields);
  const [name, setName] = useState("");
  const locked = sheet.may !== true;
  const given = name.trim();
  const add = (): void => {
    if (given === "" || names.includes(given)) return;
    sheet.set(["tables", table, "fields", given], { type: "string" }, true);
    setName("");
  };
  return (
    <Stack gap="xs">
      <Title order={3} size="h6">Columns</Title>
      {names.length === 0
        ? <Text size="sm" c="dimmed">None is listed.</Text>
        : <Rows label={`Columns of ${plain(table)}`} head={["Column", "Type", "In conflict", "Path in the row", "Immutable", "Ignored", <span key="more">More</span>]}>{names.map((f) => <Field key={f} table={table} name={f} value={fields[f]} />)}</Rows>}
      <Group gap="xs">
        <TextInput aria-label="New column" placeholder="new column" value={name} disabled={locked} title={locked ? String(sheet.may) : undefined} onChange={(e) => { setName(e.currentTarget.value); }} onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); add(); } }} />
        <Button variant="default" disabled={locked || given === "" || names.includes(given)} title={locked ? String(sheet.may) : undefined} onClick={add}>Add the column</Button>
      </Group>
    </Stack>
  );
}

/** Marks the policy {timestamp: column} among the words. */
const newer = "newer:";

/** The columns that can say when a column was changed: dates, and the one that is named already. */
function timesOf(fields: Record<string, unknown>, but: string, named: unknown): string[] {
  return Object.keys(fields).filter((f) => f === named || (f !== but && (fields[f] === "date" || valueAt(fields[f], ["type"]) === "date")));
}

function Field({ table, name, value }: { table: string; name: string; value: unknown }): ReactNode {
  const sheet = useSheet();
  const path = ["tables", table, "fields", name];
  // `due: date` is short for `due: {type: date}`.
  const short = typeof value === "string";
  const get = (key: string): unknown => (short ? (key === "type" ? value : undefined) : valueAt(value, [key]));
  const put = (key: string, v: unknown): void => {
    const empty = v === "" || v === false;
    if (short) sheet.set(path, key === "type" ? (empty ? {} : v) : { type: value, [key]: v }, true);
    else if (empty) sheet.unset([...path, key], 4);
    else sheet.set([...path, key], v, true);
  };
  const merge = get("merge");
  const follows = valueAt(merge, ["timestamp"]);
  const times = timesOf(mappingAt(sheet.values, ["tables", table, "fields"]), name, follows);
  const wrong = mistake(sheet.errors, path);
  const locked = { disabled: sheet.may !== true, title: sheet.may === true ? undefined : String(sheet.may) };
  const of = (what: string): string => `${what} of ${plain(name)}`;
  const policies = [...mergePolicies, ...times.map((column) => ({ value: newer + column, label: `newer by ${plain(column)}` }))];
  const extra = ["of", "transitions"].filter((key) => get(key) !== undefined);
  return (
    <>
      <Table.Tr>
        <Table.Td miw={140}><KeyInput path={path} label={of("Name")} bare /></Table.Td>
        <Table.Td miw={120}><NativeSelect aria-label={of("Type")} data={fieldTypes} value={String(get("type") ?? "")} {...locked} onChange={(e) => { put("type", e.currentTarget.value); }} /></Table.Td>
        <Table.Td miw={170}><NativeSelect aria-label={of("Conflict policy")} data={policies} value={typeof follows === "string" ? newer + follows : String(merge ?? "")} {...locked} onChange={(e) => { const v = e.currentTarget.value; put("merge", v.startsWith(newer) ? { timestamp: v.slice(newer.length) } : v); }} /></Table.Td>
        <Table.Td miw={130}><TextInput aria-label={of("Path")} placeholder={plain(name)} value={String(get("path") ?? "")} spellCheck={false} {...locked} onChange={(e) => { put("path", e.currentTarget.value); }} /></Table.Td>
        <Table.Td><Checkbox aria-label={`${plain(name)} is immutable`} checked={get("immutable") === true} {...locked} onChange={(e) => { put("immutable", e.currentTarget.checked); }} /></Table.Td>
        <Table.Td><Checkbox aria-label={`${plain(name)} is ignored`} checked={get("ignored") === true} {...locked} onChange={(e) => { put("ignored", e.currentTarget.checked); }} /></Table.Td>
        <Table.Td>
          <Group gap="xs" wrap="nowrap">
            <ActionIcon variant="default" aria-label={`Remove ${plain(name)}`} disabled={locked.disabled} title={locked.title ?? "Remove"} onClick={() => { sheet.unset(path, 2); }}><IconTrash /></ActionIcon>
            {extra.length > 0 && <Anchor component="button" type="button" size="sm" onClick={() => { sheet.go(`tables.${table}.fields.${name}.${extra[0] ?? ""}`); }} aria-label={`${extra.join(", ")} of ${plain(name)}, in YAML`}>{extra.join(", ")}</Anchor>}
          </Group>
        </Table.Td>
      </Table.Tr>
      {wrong && <Table.Tr><Table.Td colSpan={7}><Text size="sm" c="red" role="alert">{plain(wrong)}</Text></Table.Td></Table.Tr>}
    </>
  );
}
