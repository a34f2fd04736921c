import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState, type ReactNode } from "react";

interface Question {
  title: string;
  /** What will happen, and what cannot be taken back. */
  body: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  /** What has to be typed first: for what cannot be undone. */
  typed?: string;
  onConfirm: () => void;
}

/** Asks before something is destroyed. */
export function confirm(question: Question): void {
  const id = modals.open({
    title: question.title,
    closeButtonProps: { "aria-label": "Close" },
    children: <Asking question={question} close={() => { modals.close(id); }} />,
  });
}

function Asking({ question, close }: { question: Question; close: () => void }): ReactNode {
  const [typed, setTyped] = useState("");
  const ready = question.typed === undefined || typed === question.typed;
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (ready) { close(); question.onConfirm(); } }}>
      <Stack gap="md">
        <Text component="div" size="sm">{question.body}</Text>
        {question.typed !== undefined && <TextInput label={`Type ${question.typed} to go on`} value={typed} onChange={(e) => { setTyped(e.currentTarget.value); }} data-autofocus autoComplete="off" />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>Cancel</Button>
          <Button type="submit" color={question.danger === false ? undefined : "red"} disabled={!ready}>{question.action}</Button>
        </Group>
      </Stack>
    </form>
  );
}
