import { Alert, Button, Group, Modal, SegmentedControl, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState, type ReactNode } from "react";
import { Person, type People } from "../../../shell/people";
import { confirm } from "../../../ui/confirm";
import { Time } from "../../../ui/Time";
import { Difference } from "./Difference";
import type { Draft } from "./useDraft";

/** Somebody else saved the draft while it was edited here: nothing is lost, and one of three ways is chosen. */
export function Stale({ draft, people }: { draft: Draft; people: People }): ReactNode {
  const [comparing, compare] = useDisclosure(false);
  if (!draft.stale || !draft.saved) return null;
  const theirs = draft.saved.value;
  return (
    <Alert color="orange" variant="light" title="Somebody else changed the configuration" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm"><Person id={theirs.updated_by} people={people} /> saved it <Time at={theirs.updated_at ?? undefined} />, while you were editing. Your changes are still here, and are not saved.</Text>
        <Choices draft={draft} extra={<Button size="compact-sm" onClick={compare.open}>Compare</Button>} />
      </Stack>
      <Modal opened={comparing} onClose={compare.close} title="Theirs and yours" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
        <Comparing draft={draft} theirs={theirs.config} done={compare.close} />
      </Modal>
    </Alert>
  );
}

function Comparing({ draft, theirs, done }: { draft: Draft; theirs: string; done: () => void }): ReactNode {
  const [side, setSide] = useState("both");
  const base = draft.base ?? "";
  const shown = { both: { from: theirs, to: draft.text, says: "Red lines are in theirs only: overwriting removes them. Green lines are in yours only." }, theirs: { from: base, to: theirs, says: "What they changed since you began." }, mine: { from: base, to: draft.text, says: "What you changed." } }[side] ?? { from: base, to: theirs, says: "" };
  return (
    <Stack gap="sm">
      <SegmentedControl value={side} onChange={setSide} aria-label="What to compare" data={[{ value: "both", label: "Theirs against yours" }, { value: "theirs", label: "Their changes" }, { value: "mine", label: "Your changes" }]} />
      <Text size="sm" c="dimmed">{shown.says}</Text>
      <Difference from={shown.from} to={shown.to} label={shown.says} />
      <Choices draft={draft} done={done} />
    </Stack>
  );
}

function Choices({ draft, extra, done }: { draft: Draft; extra?: ReactNode; done?: () => void }): ReactNode {
  return (
    <Group gap="xs">
      {extra}
      <Button size="compact-sm" variant="default" onClick={() => {
        confirm({ title: "Take theirs?", body: "Your unsaved changes are thrown away. What is saved stays as it is.", action: "Throw mine away", onConfirm: () => { draft.discard(); done?.(); } });
      }}>Take theirs</Button>
      <Button size="compact-sm" variant="default" onClick={() => {
        confirm({ title: "Overwrite theirs?", body: "When you save, your text replaces theirs as a whole. What they changed and you did not is undone.", action: "Overwrite", onConfirm: () => { draft.overwrite(); done?.(); } });
      }}>Overwrite</Button>
    </Group>
  );
}
