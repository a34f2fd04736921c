import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Code } from "../../../ui/Code";
import { wrongName } from "./project";
import type { Made, Table } from "./template";
import { templates } from "./templates";

interface Props {
  opened: boolean;
  close: () => void;
  tables: Table[];
  taken: string[];
  make: (path: string, text: string) => void;
}

const blank = "blank";

/** A new file from a template, or an empty one. */
export function NewFile({ opened, close, tables, taken, make }: Props): ReactNode {
  const [id, setID] = useState(templates[0]?.id ?? blank);
  const [table, setTable] = useState<string>();
  const [name, setName] = useState<string>();
  const template = templates.find((t) => t.id === id);
  const of = tables.find((t) => t.name === table) ?? tables[0];
  const made: Made = template ? (of || !template.ofTable ? template.make(of ?? noTable) : { reason: "The configuration has no tables yet." }) : { path: "lib/shared.ts", text: "export {};\n" };
  const path = name ?? ("path" in made ? made.path : "");
  const wrong = "reason" in made ? made.reason : wrongName(path, taken);
  const submit = (): void => {
    if (wrong || !("text" in made)) return;
    make(path, made.text);
    setName(undefined);
    close();
  };
  return (
    <Modal opened={opened} onClose={close} title="New file" size="lg">
      <form onSubmit={(e) => { e.preventDefault(); submit(); }}>
        <Stack gap="md">
          <Select label="Begin with" data={[...templates.map((t) => ({ value: t.id, label: t.title })), { value: blank, label: "An empty file" }]} value={id} allowDeselect={false} searchable
            onChange={(v) => { setID(v ?? blank); setName(undefined); }} data-autofocus />
          {template && <Text size="sm" c="dimmed">{template.about}</Text>}
          {template?.ofTable && tables.length > 0 && (
            <Select label="Table" data={tables.map((t) => t.name)} value={of?.name ?? null} allowDeselect={false} searchable onChange={(v) => { setTable(v ?? undefined); setName(undefined); }} />
          )}
          <TextInput label="File" value={path} onChange={(e) => { setName(e.currentTarget.value); }} error={wrong || undefined} spellCheck={false} />
          {"text" in made && <Code code={made.text} label="What the file begins with" />}
          {"text" in made && wrong.startsWith("There is") && <Text size="sm">Open that file and add the function to it: the text above can be copied.</Text>}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button type="submit" disabled={wrong !== ""}>Make the file</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** For templates that belong to no table. */
const noTable: Table = { name: "", stored_as: "", key: "", id_type: "string", unknown_fields: "reject", on_conflict: "last_write", deletes: "win", columns: [] };
