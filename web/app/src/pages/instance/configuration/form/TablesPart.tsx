import { Accordion, Badge, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useSearchState } from "../../../../shell/search";
import { Action } from "../../../../ui/Action";
import { allowed, locking } from "../../../../ui/allowed";
import { Plain } from "../../../../ui/Plain";
import { mappingAt, mistake, useSheet, valueAt } from "./context";
import { TableForm } from "./TableForm";

/** The client's tables, one open at a time. */
export function TablesPart(): ReactNode {
  const sheet = useSheet();
  const [{ table }, setTable] = useSearchState({ table: "" });
  const names = Object.keys(mappingAt(sheet.values, ["tables"]));
  return (
    <Stack gap="md">
      {names.length === 0 && <Text c="dimmed">No table is configured, so every write would be refused.</Text>}
      <Accordion variant="contained" value={table || null} onChange={(v) => { setTable({ table: v ?? "" }); }} order={2}>
        {names.map((name) => (
          <Accordion.Item key={name} value={name}>
            <Accordion.Control>
              <Group gap="xs">
                <Text fw={600}><Plain>{name}</Plain></Text>
                <Text size="sm" c="dimmed"><Plain>{told(sheet.values, name)}</Plain></Text>
                {mistake(sheet.errors, ["tables", name]) && <Badge color="red" variant="light" tt="none">mistakes</Badge>}
              </Group>
            </Accordion.Control>
            <Accordion.Panel>{table === name && <TableForm name={name} onRenamed={(to) => { setTable({ table: to }); }} />}</Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      <AddTable names={names} onAdded={(name) => { setTable({ table: name }); }} />
    </Stack>
  );
}

/** What the closed table says of itself. */
function told(values: unknown, name: string): string {
  const place = valueAt(values, ["tables", name, "collection"]) ?? valueAt(values, ["tables", name, "table"]);
  const fields = Object.keys(mappingAt(values, ["tables", name, "fields"])).length;
  const rules = Object.keys(mappingAt(values, ["tables", name, "allow"])).length;
  return [typeof place === "string" && place !== name ? `in ${place}` : "", `${fields} ${fields === 1 ? "column" : "columns"}`, rules === 0 ? "nobody may write" : ""].filter((s) => s !== "").join(", ");
}

function AddTable({ names, onAdded }: { names: string[]; onAdded: (name: string) => void }): ReactNode {
  const sheet = useSheet();
  const [name, setName] = useState("");
  const given = name.trim();
  const ready = given !== "" && !names.includes(given);
  return (
    <form onSubmit={(e) => {
      e.preventDefault();
      if (!ready) return;
      sheet.set(["tables", given], { id: valueAt(sheet.values, ["source", "type"]) === "postgres" ? "uuid" : "objectid" });
      setName("");
      onAdded(given);
    }}>
      <Group gap="xs" align="flex-end">
        <TextInput label="New table" description="Its name in the app's schema" value={name} {...locking(sheet.may)} error={names.includes(given) ? "There is one of this name." : undefined} onChange={(e) => { setName(e.currentTarget.value); }} />
        <Action type="submit" variant="default" may={allowed(sheet.may, !ready && "Type a new name first.")}>Add the table</Action>
      </Group>
    </form>
  );
}
