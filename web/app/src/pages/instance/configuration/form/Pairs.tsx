import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { IconTrash } from "../../../../ui/icons";
import { plain } from "../../../../ui/plain";
import type { Path } from "../edits";
import { mappingAt, useSheet } from "./context";
import { KeyInput } from "./inputs";

interface Props {
  path: Path;
  label: string;
  description: string;
  /** What a key is called, such as "Claim". */
  what: string;
  /** The input of one value. */
  input: (path: Path, label: string) => ReactNode;
  /** What a new key holds at first. */
  fresh: (key: string) => unknown;
  empty: string;
}

/** A mapping whose keys are chosen by its author. */
export function Pairs({ path, label, description, what, input, fresh, empty }: Props): ReactNode {
  const sheet = useSheet();
  const [name, setName] = useState("");
  const keys = Object.keys(mappingAt(sheet.values, path));
  const locked = sheet.may !== true;
  const add = (): void => {
    if (name.trim() === "" || keys.includes(name.trim())) return;
    sheet.set([...path, name.trim()], fresh(name.trim()), true);
    setName("");
  };
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <div><Text fw={500} size="sm">{label}</Text><Text size="xs" c="dimmed">{description}</Text></div>
      {keys.length === 0 && <Text size="sm" c="dimmed">{empty}</Text>}
      {keys.map((key) => (
        <Group key={key} gap="xs" align="flex-start" wrap="nowrap">
          <KeyInput path={[...path, key]} label={`${what} ${plain(key)}: name`} bare />
          <div>{input([...path, key], `${what} ${plain(key)}`)}</div>
          <ActionIcon variant="default" size="input-sm" disabled={locked} title={locked ? String(sheet.may) : "Remove"} aria-label={`Remove ${plain(key)}`} onClick={() => { sheet.unset([...path, key]); }}><IconTrash /></ActionIcon>
        </Group>
      ))}
      <Group gap="xs">
        <TextInput aria-label={`New: ${what}`} placeholder="name" value={name} disabled={locked} title={locked ? String(sheet.may) : undefined} onChange={(e) => { setName(e.currentTarget.value); }} onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); add(); } }} />
        <Button variant="default" disabled={locked || name.trim() === ""} title={locked ? String(sheet.may) : undefined} onClick={add}>Add</Button>
      </Group>
    </Stack>
  );
}
