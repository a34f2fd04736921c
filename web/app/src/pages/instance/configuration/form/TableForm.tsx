import { Button, Group, Menu, NativeSelect, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { confirm } from "../../../../ui/confirm";
import { plain } from "../../../../ui/plain";
import { ownerRules, type Place } from "../../enable/rules";
import { mappingAt, mistake, useSheet, valueAt } from "./context";
import { FieldsForm } from "./FieldsForm";
import { ChoiceSetting, KeyInput, ListSetting, TextSetting } from "./inputs";
import { deletePolicies, handledCodes, idTypes, rowPolicies } from "./words";

/** One client table: where it lives, who may write, what happens in conflict, its columns. */
export function TableForm({ name, onRenamed }: { name: string; onRenamed: (name: string) => void }): ReactNode {
  const sheet = useSheet();
  const at = ["tables", name];
  const postgres = valueAt(sheet.values, ["source", "type"]) === "postgres";
  const locked = sheet.may !== true;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, sm: postgres ? 4 : 3 }}>
        <KeyInput key={name} path={at} label="Name on the device" onRenamed={onRenamed} />
        <TextSetting path={[...at, postgres ? "table" : "collection"]} label={postgres ? "Table" : "Collection"} placeholder={postgres ? `public.${name}` : name} keep={2} />
        {postgres && <TextSetting path={[...at, "key"]} label="Key column" placeholder="id" keep={2} />}
        <ChoiceSetting path={[...at, "id"]} label="Type of ids" data={idTypes} keep={2} />
      </SimpleGrid>
      <Rules name={name} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <RowPolicy name={name} />
        <ChoiceSetting path={[...at, "deletes"]} label="Deletes" data={deletePolicies} keep={2} />
        <ChoiceSetting path={[...at, "unknown_fields"]} label="Columns that are not listed" data={[{ value: "", label: "Reject (the default)" }, { value: "reject", label: "Reject the write" }, { value: "keep", label: "Keep them as they come" }]} keep={2} />
        <ListSetting path={[...at, "client_handling"]} label="Refusals that the app decides" description="They block the device's queue until it has" placeholder="none" data={handledCodes} keep={2} />
      </SimpleGrid>
      <FieldsForm table={name} />
      <Group>
        <Button variant="default" onClick={() => { sheet.go(`tables.${name}`); }}>Show in YAML</Button>
        <Button variant="default" disabled={locked} title={locked ? String(sheet.may) : undefined} onClick={() => {
          confirm({ title: `Remove the table ${plain(name)}?`, body: "From the next deployment on, writes to it are refused. The rows in the database stay.", action: "Remove", onConfirm: () => { sheet.unset(at, 1); } });
        }}>Remove the table</Button>
      </Group>
    </Stack>
  );
}

function Rules({ name }: { name: string }): ReactNode {
  const sheet = useSheet();
  const allow = ["tables", name, "allow"];
  const columns = Object.keys(mappingAt(sheet.values, ["tables", name, "fields"]));
  const locked = sheet.may !== true;
  const all = (rules: Record<string, string>): void => { sheet.set(allow, rules); };
  return (
    <Stack gap="xs" role="group" aria-label="Who may write">
      <Group justify="space-between">
        <div><Title order={3} size="h6">Who may write</Title><Text size="xs" c="dimmed">CEL over user, old, new and changed; empty: nobody</Text></div>
        <Menu position="bottom-end">
          <Menu.Target><Button size="compact-sm" variant="default" disabled={locked} title={locked ? String(sheet.may) : undefined}>From a template</Button></Menu.Target>
          <Menu.Dropdown>
            {columns.length > 0 && <Menu.Label>Only the owner, named in the column</Menu.Label>}
            {columns.map((c) => <Menu.Item key={c} onClick={() => { all({ ...ownerRules(placeOf(sheet.values, name, c)) }); }}>{plain(c)}</Menu.Item>)}
            <Menu.Label>Everybody with a token</Menu.Label>
            <Menu.Item onClick={() => { all({ create: "true" }); }}>may create, nothing else</Menu.Item>
            <Menu.Item color="red" onClick={() => { all({ create: "true", update: "true", delete: "true" }); }}>may do everything (open)</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      {(["create", "update", "delete"] as const).map((verb) => <TextSetting key={verb} path={[...allow, verb]} label={`May ${verb}`} placeholder="nobody" code keep={2} />)}
    </Stack>
  );
}

/** Rules see the source's names, so that a renamed column is compared by its path. */
function placeOf(values: unknown, table: string, column: string): Place {
  const field = valueAt(values, ["tables", table, "fields", column]);
  const path = valueAt(field, ["path"]), type = typeof field === "string" ? field : valueAt(field, ["type"]);
  return { path: typeof path === "string" ? path : column, type: typeof type === "string" ? type : undefined };
}

/** The policy of whole rows; two of them name a column. */
function RowPolicy({ name }: { name: string }): ReactNode {
  const sheet = useSheet();
  const path = ["tables", name, "on_conflict"];
  const now = valueAt(sheet.values, path);
  const columns = Object.keys(mappingAt(sheet.values, ["tables", name, "fields"]));
  const named = typeof now === "object" && now !== null ? (Object.keys(now)[0] ?? "") : "";
  const value = named || (typeof now === "string" ? now : "");
  const wrong = mistake(sheet.errors, path);
  const locked = { disabled: sheet.may !== true, title: sheet.may === true ? undefined : String(sheet.may) };
  const choose = (v: string): void => {
    if (v === "") sheet.unset(path, 2);
    else if (v === "version" || v === "timestamp") sheet.set(path, { [v]: columns[0] ?? v }, true);
    else sheet.set(path, v);
  };
  return (
    <Stack gap="xs">
      <NativeSelect label="In conflict" data={rowPolicies} value={value} error={wrong && plain(wrong)} {...locked} onChange={(e) => { choose(e.currentTarget.value); }} />
      {named && <NativeSelect label={named === "version" ? "Column with the version number" : "Column with the time of change"} data={columns.map((c) => ({ value: c, label: plain(c) }))} value={String(valueAt(now, [named]) ?? "")} {...locked} onChange={(e) => { sheet.set([...path, named], e.currentTarget.value); }} />}
    </Stack>
  );
}
