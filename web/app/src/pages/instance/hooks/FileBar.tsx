import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { LazyDiff } from "../../../editor/lazy";
import { nonce } from "../../../settings";
import { allowed } from "../../../ui/allowed";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Time } from "../../../ui/Time";
import { edits } from "./edits";
import { wrongName, type Item } from "./project";
import { useRemove, useRename, type Workspace } from "./workspace";

interface Props {
  ws: Workspace;
  item: Item;
  save: () => void;
  saving: boolean;
  choose: (path: string) => void;
}

/** The open file: what state it is in, and what can be done with it. */
export function FileBar({ ws, item, save, saving, choose }: Props): ReactNode {
  const [renaming, setRenaming] = useState(false);
  const remove = useRemove(ws.instance, () => { choose(""); });
  const discard = (): void => {
    confirm({ title: "Take your changes back?", action: "Take them back", body: <>What you changed in <Plain>{item.path}</Plain> and did not save is lost.</>, onConfirm: () => { edits.drop(ws.instance, item.path); } });
  };
  return (
    <>
      <Group justify="space-between" gap="xs" px="xs" py={6}>
        <Group gap="xs">
          <Text size="sm" fw={600} ff="monospace"><Plain>{item.path}</Plain></Text>
          <Text size="xs" c="dimmed" role="status">{item.saved === undefined ? "not saved yet" : item.unsaved ? "unsaved changes" : <>saved by <Plain>{item.by}</Plain> <Time at={item.at} /></>}</Text>
        </Group>
        <Group gap={6}>
          <Action size="compact-sm" may={allowed(ws.mayWrite, !item.unsaved && "There is nothing to save.")} loading={saving} onClick={save}>Save</Action>
          {item.unsaved && item.saved !== undefined && <Action size="compact-sm" variant="default" may={ws.mayWrite} onClick={discard}>Take back</Action>}
          <Action size="compact-sm" variant="default" may={ws.mayWrite} onClick={() => { setRenaming(true); }}>Rename</Action>
          <Action size="compact-sm" variant="default" may={ws.mayWrite} loading={remove.isPending}
            onClick={() => { confirm({ title: `Remove ${item.path}?`, action: "Remove", body: "It is removed from the draft, for everybody. What is deployed keeps it until the next deployment.", onConfirm: () => { remove.mutate(item); } }); }}>Remove</Action>
        </Group>
      </Group>
      {item.stale && <Stale ws={ws} item={item} save={save} />}
      <Rename key={item.path} ws={ws} item={item} opened={renaming} close={() => { setRenaming(false); }} choose={choose} />
    </>
  );
}

/** Two people changed one file: nothing is overwritten before somebody has looked. */
function Stale({ ws, item, save }: Pick<Props, "ws" | "item" | "save">): ReactNode {
  const [shown, setShown] = useState(false);
  const theirs = ws.draft?.files.find((f) => f.path === item.path);
  return (
    <Alert color="yellow" variant="light" title={theirs ? "Somebody saved this file while you were changing it" : "Somebody removed this file while you were changing it"} role="alert" radius={0}>
      <Stack gap="xs" align="flex-start">
        {theirs && <Text size="sm"><Plain>{theirs.updated_by_name ?? theirs.updated_by}</Plain>, <Time at={theirs.updated_at} />.</Text>}
        <Group gap={6}>
          {theirs && <Button size="compact-sm" variant="default" aria-expanded={shown} onClick={() => { setShown(!shown); }}>{shown ? "Hide the differences" : "Show the differences"}</Button>}
          <Action size="compact-sm" variant="default" may={ws.mayWrite} onClick={() => { edits.put(ws.instance, item.path, { text: item.text, etag: theirs?.etag ?? "" }); setTimeout(save); }}>Save mine over it</Action>
          <Button size="compact-sm" variant="default" onClick={() => { edits.drop(ws.instance, item.path); }}>{theirs ? "Take theirs" : "Let it go"}</Button>
        </Group>
        {shown && theirs && <LazyDiff path={item.path} before={theirs.content} after={item.text} nonce={nonce} label={plain(`From what was saved to yours, in ${item.path}`)} />}
      </Stack>
    </Alert>
  );
}

function Rename({ ws, item, opened, close, choose }: { ws: Workspace; item: Item; opened: boolean; close: () => void; choose: (path: string) => void }): ReactNode {
  const [path, setPath] = useState(item.path);
  const rename = useRename(ws.instance, (to) => { close(); choose(to); });
  const wrong = path === item.path ? "" : wrongName(path, ws.items.map((i) => i.path));
  return (
    <Modal opened={opened} onClose={close} title="Rename the file">
      <form onSubmit={(e) => { e.preventDefault(); if (!wrong && path !== item.path) rename.mutate({ item, path }); }}>
        <Stack gap="md">
          <TextInput label="File" value={path} onChange={(e) => { setPath(e.currentTarget.value); }} error={wrong || undefined} data-autofocus spellCheck={false} />
          <Text size="sm" c="dimmed">Files that import it are not changed: the list of problems names them.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button type="submit" loading={rename.isPending} disabled={wrong !== "" || path === item.path}>Rename</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
