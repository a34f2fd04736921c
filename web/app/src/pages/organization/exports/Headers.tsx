import { ActionIcon, Button, Fieldset, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { IconTrash } from "../../../ui/icons";
import { plain } from "../../../ui/plain";
import type { HeaderField } from "./words";

interface Props {
  fields: HeaderField[];
  set: (fields: HeaderField[]) => void;
  problem: string | undefined;
  /** Kept values do not go to the address that is now in the form. */
  moved: boolean;
}

/** The headers of an export. Values that are sealed are not shown, and stay when their field stays empty. */
export function Headers({ fields, set, problem, moved }: Props): ReactNode {
  const edit = (key: string, change: Partial<HeaderField>) => { set(fields.map((f) => (f.key === key ? { ...f, ...change } : f))); };
  return (
    <Fieldset legend="Headers">
      <Stack gap="xs">
        <Text size="xs" c="dimmed">Sent with every request, such as an authorization. Values are sealed and never shown again.</Text>
        {fields.map((f, n) => (
          <Group key={f.key} gap="xs" align="flex-start" wrap="nowrap">
            <TextInput aria-label={`Name of header ${n + 1}`} placeholder="name" value={f.name} readOnly={f.kept} flex={1} maxLength={100} onChange={(e) => { edit(f.key, { name: e.currentTarget.value }); }} />
            <PasswordInput aria-label={`Value of header ${plain(f.name) || n + 1}`} placeholder={f.kept ? "unchanged" : "Bearer …"} value={f.value} flex={2} maxLength={4096} autoComplete="off" onChange={(e) => { edit(f.key, { value: e.currentTarget.value }); }} />
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Remove header ${plain(f.name) || n + 1}`} onClick={() => { set(fields.filter((x) => x.key !== f.key)); }}><IconTrash /></ActionIcon>
          </Group>
        ))}
        {moved && fields.some((f) => f.kept) && <Text size="sm" c="orange">Another host needs its values anew.</Text>}
        {problem && <Text size="sm" c="red" role="alert">{problem}</Text>}
        <Group><Button size="compact-sm" variant="default" onClick={() => { set([...fields, { key: crypto.randomUUID(), name: "", value: "", kept: false }]); }}>Add a header</Button></Group>
      </Stack>
    </Fieldset>
  );
}
