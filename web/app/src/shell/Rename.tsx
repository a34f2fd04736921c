import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery, type QueryKey } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Tagged } from "../api/client";
import { asProblem } from "../api/problem";
import { Failure } from "../ui/Failure";
import { Waiting } from "../ui/Rows";
import { useAct } from "./act";

interface Props {
  title: string;
  opened: boolean;
  onClose: () => void;
  /** Reads the name as it is now. */
  read: () => Promise<Tagged<{ name: string }>>;
  save: (name: string, tag: string) => Promise<unknown>;
  refresh: QueryKey[];
}

/** Asks for another name. It is read when the dialog opens, and saved only if nobody changed it meanwhile. */
export function Rename(props: Props): ReactNode {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} closeButtonProps={{ "aria-label": "Close" }}>
      <Reading {...props} />
    </Modal>
  );
}

function Reading(props: Props): ReactNode {
  const now = useQuery({ queryKey: ["rename", props.title], queryFn: props.read, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false });
  const again = (): void => { void now.refetch(); };
  if (now.error) return <Failure trouble={asProblem(now.error)} retry={again} />;
  if (!now.data) return <Waiting lines={1} />;
  return <Asking key={now.data.tag} {...props} seen={now.data} again={again} />;
}

function Asking({ seen, again, save, refresh, onClose }: Props & { seen: Tagged<{ name: string }>; again: () => void }): ReactNode {
  const [name, setName] = useState(seen.value.name);
  const act = useAct((v: string) => save(v, seen.tag), { quiet: true, done: "Renamed.", refresh, then: onClose });
  return (
    <form onSubmit={(e) => { e.preventDefault(); act.mutate(name); }}>
      <Stack gap="sm">
        <TextInput label="Name" required maxLength={100} value={name} onChange={(e) => { setName(e.currentTarget.value); }} data-autofocus />
        {act.problem && <Failure trouble={act.problem} retry={act.problem.status === 412 ? again : undefined} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={act.isPending}>Rename</Button>
        </Group>
      </Stack>
    </form>
  );
}
