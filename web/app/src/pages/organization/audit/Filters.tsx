import { Autocomplete, Button, Group, NativeSelect, SimpleGrid, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { People } from "../../../shell/people";
import { plain } from "../../../ui/plain";
import { kinds } from "./kinds";

/** What the list is narrowed to; it lives in the address. */
export interface Filter extends Record<string, string> {
  who: string;
  kind: string;
  target: string;
  since: string;
  until: string;
}

export const everything: Filter = { who: "", kind: "", target: "", since: "", until: "" };

/** The filters of the audit log. */
export function Filters({ filter, people, onChange }: { filter: Filter; people: People; onChange: (change: Partial<Filter>) => void }): ReactNode {
  const who = [{ value: "", label: "Anybody" }, ...[...people.values()].map((m) => ({ value: m.user_id, label: plain([m.name, m.email].filter(Boolean).join(", ")) }))];
  if (filter.who && !people.has(filter.who)) who.push({ value: filter.who, label: plain(filter.who) });
  const narrowed = Object.values(filter).some((v) => v !== "");
  return (
    <search>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 5 }} spacing="sm">
        <NativeSelect label="Who" data={who} value={filter.who} onChange={(e) => { onChange({ who: e.currentTarget.value }); }} />
        <Autocomplete label="Event" placeholder="any" data={kinds} value={filter.kind} onChange={(v) => { onChange({ kind: v }); }} limit={50} clearable clearButtonProps={{ "aria-label": "Any event" }} />
        <TextInput label="Target" placeholder="any id, such as ins_…" spellCheck={false} value={filter.target} onChange={(e) => { onChange({ target: e.currentTarget.value.trim() }); }} />
        <TextInput label="From" type="datetime-local" value={filter.since} onChange={(e) => { onChange({ since: e.currentTarget.value }); }} />
        <TextInput label="Until" type="datetime-local" value={filter.until} onChange={(e) => { onChange({ until: e.currentTarget.value }); }} />
      </SimpleGrid>
      {narrowed && <Group mt="xs"><Button size="compact-sm" variant="default" onClick={() => { onChange(everything); }}>Show everything</Button></Group>}
    </search>
  );
}
