import { Group, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Action, IconAction } from "../../../../ui/Action";
import { allowed, locking } from "../../../../ui/allowed";
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
          <IconAction size="input-sm" may={sheet.may} label={`Remove ${plain(key)}`} onClick={() => { sheet.unset([...path, key]); }}><IconTrash /></IconAction>
        </Group>
      ))}
      <Group gap="xs">
        <TextInput aria-label={`New: ${what}`} placeholder="name" value={name} {...locking(sheet.may)} onChange={(e) => { setName(e.currentTarget.value); }} onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); add(); } }} />
        <Action variant="default" may={allowed(sheet.may, name.trim() === "" && "Type a name first.")} onClick={add}>Add</Action>
      </Group>
    </Stack>
  );
}
