import { Badge, Button, Card, Checkbox, Group, NumberInput, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import type { Row, TableModel, Value } from "./model";

/** One phone: what it last synced, what is on its screen, and whether it is online. */
export interface PhoneState {
  base: Row;
  local: Row;
  online: boolean;
}

interface Props {
  name: string;
  table: TableModel;
  phone: PhoneState;
  waiting: boolean;
  busy: boolean;
  edit: (local: Row) => void;
  save: () => void;
  setOnline: (online: boolean) => void;
}

export function Phone({ name, table, phone, waiting, busy, edit, save, setOnline }: Props): ReactNode {
  const set = (column: string, v: Value): void => { edit({ ...phone.local, [column]: v }); };
  return (
    <Card withBorder padding="md" component="section" aria-label={name} flex={1} miw={260}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">{name}</Title>
          <Switch label={phone.online ? "Online" : "Offline"} checked={phone.online} disabled={busy} onChange={(e) => { setOnline(e.currentTarget.checked); }} />
        </Group>
        {table.columns.map((c) => {
          const v = phone.local[c.name] ?? null;
          const label = plain(c.name);
          if (c.type === "bool") return <Checkbox key={c.name} label={label} checked={v === true} onChange={(e) => { set(c.name, e.currentTarget.checked); }} />;
          if (c.type === "number") return <NumberInput key={c.name} label={label} value={typeof v === "number" ? v : ""} onChange={(x) => { set(c.name, typeof x === "number" ? x : null); }} />;
          return <TextInput key={c.name} label={label} value={typeof v === "string" ? v : ""} onChange={(e) => { set(c.name, e.currentTarget.value); }} />;
        })}
        <Group>
          <Button onClick={save} disabled={!waiting} loading={busy}>{phone.online ? "Save and upload" : "Save"}</Button>
          {waiting && <Badge variant="light" color="gray" tt="none">{phone.online ? "Not saved" : "Waits until it is online"}</Badge>}
        </Group>
        <Text size="xs" c="dimmed">Last synced: <Plain>{JSON.stringify(phone.base)}</Plain></Text>
      </Stack>
    </Card>
  );
}
