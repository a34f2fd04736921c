import { Button, Card, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { mistake } from "../../../api/exact";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { formOf, unlike } from "../conflict/choice";
import { useColumnTypes } from "../inbox/types";
import classes from "../inbox/inbox.module.css";
import { columns, operations, withColumn, withoutColumn, withoutOperation, withValue, type Operation } from "./edit";

interface Props {
  instance: string;
  deployment: number;
  text: string;
  set: (text: string) => void;
  /** What is typed into fields and is no JSON yet: the text does not have it. */
  drafts: Drafts;
  setDrafts: (drafts: Drafts) => void;
  blame: number;
}

/** By operation and column. */
export type Drafts = Record<string, string | undefined>;

/**
 * Edits a transaction: by column, or as text. There is one state, the text; a field replaces its own place in it, so
 * that nothing else changes, not even how a number is written.
 */
export function Editor({ instance, deployment, text, set, drafts, setDrafts, blame }: Props): ReactNode {
  const [by, setBy] = useState("fields");
  const wrong = mistake(text);
  const list = operations(text);
  const fields = by === "fields" && list.length > 0;
  return (
    <Stack gap="sm">
      <SegmentedControl aria-label="How to edit" value={fields ? "fields" : "text"} onChange={(v) => { setBy(v); setDrafts({}); }} data={[{ value: "fields", label: "By column", disabled: list.length === 0 }, { value: "text", label: "As text" }]} />
      {fields
        ? list.map((o, index) => <Fields key={index} {...{ instance, deployment, text, set, drafts, setDrafts }} operation={o} index={index} blamed={index === blame} last={list.length === 1} />)
        : <Textarea className={classes.mono} label="The transaction" description="JSON. It is sent as it stands here." value={text} error={wrong} autosize minRows={6} maxRows={30} spellCheck={false} onChange={(e) => { set(e.currentTarget.value); }} />}
    </Stack>
  );
}

function Fields({ instance, deployment, text, set, drafts, setDrafts, operation: o, index, blamed, last }: Omit<Props, "blame"> & { operation: Operation; index: number; blamed: boolean; last: boolean }): ReactNode {
  const types = useColumnTypes(instance, deployment, o.table);
  const [name, setName] = useState("");
  const list = columns(text, o);
  const add = (): void => {
    if (name && !list.some((c) => c.member.name === name)) set(withColumn(text, o, name));
    setName("");
  };
  return (
    <Card withBorder padding="sm" component="fieldset" m={0}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Text size="sm" fw={600} component="legend"><Plain>{`${index + 1}. ${o.op} ${o.table} ${o.id}`}</Plain>{blamed && " (to blame)"}</Text>
        <Button size="compact-xs" variant="subtle" color="red" disabled={last} onClick={() => { setDrafts({}); set(withoutOperation(text, index)); }}>Leave the operation out</Button>
      </Group>
      <Stack gap="xs">
        {list.map(({ member, value }) => (
          // By name and not by place: the field keeps its focus while what is before it changes.
          <Group key={member.name} gap="xs" align="flex-start" wrap="nowrap">
            <Value name={member.name} type={types[member.name]} value={value} draft={drafts[`${index}.${member.name}`]}
              setDraft={(v) => { setDrafts({ ...drafts, [`${index}.${member.name}`]: v }); }} set={(v) => { set(withValue(text, member, v)); }} />
            <Button mt={24} size="compact-sm" variant="subtle" onClick={() => { setDrafts({ ...drafts, [`${index}.${member.name}`]: undefined }); set(withoutColumn(text, o, member)); }} aria-label={plain(`Leave out ${member.name}`)}>Leave out</Button>
          </Group>
        ))}
        {o.data
          ? <Group gap="xs" align="flex-end"><TextInput size="xs" label="Another column" value={name} onChange={(e) => { setName(e.currentTarget.value); }} onKeyDown={(e) => { if (e.key === "Enter") add(); }} /><Button size="xs" variant="default" onClick={add}>Add</Button></Group>
          : <Text size="sm" c="dimmed">It writes no columns that could be edited here.</Text>}
      </Stack>
    </Card>
  );
}

/** What is typed counts when it is JSON; until then it stays here, and the transaction as it was. */
function Value({ name, type, value, draft, setDraft, set }: { name: string; type: string | undefined; value: string; draft: string | undefined; setDraft: (draft: string | undefined) => void; set: (value: string) => void }): ReactNode {
  const shown = draft ?? value;
  const wrong = mistake(shown);
  return (
    <Textarea className={classes.mono} flex={1} size="sm" label={<><Plain>{name}</Plain>{type && <Text span size="xs" c="dimmed"> <Plain>{type}</Plain></Text>}</>} value={shown}
      error={wrong ? `${wrong}. It is not taken over yet; expected is ${formOf(type)}` : unlike(type, shown)} autosize minRows={1} maxRows={10} spellCheck={false}
      onChange={(e) => {
        const typed = e.currentTarget.value;
        const bad = mistake(typed) !== undefined;
        setDraft(bad ? typed : undefined);
        if (!bad) set(typed.trim());
      }} />
  );
}
