import { Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { LinkButton } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { Code } from "../../../ui/Code";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Waiting } from "../../../ui/Rows";

type Saved = components["schemas"]["SavedOutputBody"];

interface Props {
  kind: "conflicts" | "rejections";
  id: string;
}

/** Makes a test of the hooks out of what was recorded: shows it first, since it holds the user's data. */
export function SaveTest({ kind, id }: Props): ReactNode {
  const { may } = useHere();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Action variant="default" may={may("rehearsal:run")} onClick={() => { setOpen(true); }}>Save as test</Action>
      <Modal opened={open} onClose={() => { setOpen(false); }} title="Save as a test of the hooks" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
        <Preview kind={kind} id={id} />
      </Modal>
    </>
  );
}

function Preview({ kind, id }: Props): ReactNode {
  const { instance, may } = useHere();
  const path = kind === "conflicts" ? { params: { path: { instance: instance.id, conflict: id } } } : { params: { path: { instance: instance.id, rejection: id } } };
  const written = useQuery({
    queryKey: ["test of", instance.id, id], staleTime: 0, gcTime: 0,
    queryFn: (): Promise<Saved> => body(kind === "conflicts" ? client.GET("/api/v1/instances/{instance}/conflicts/{conflict}/test", path as never) : client.GET("/api/v1/instances/{instance}/rejections/{rejection}/test", path as never)),
  });
  const save = useAct(
    (): Promise<Saved> => body(kind === "conflicts" ? client.POST("/api/v1/instances/{instance}/conflicts/{conflict}/test", path as never) : client.POST("/api/v1/instances/{instance}/rejections/{rejection}/test", path as never)),
    { done: (s) => `Saved as ${s.path}`, quiet: true },
  );
  if (written.error) return <Failure title="No test can be made of this" trouble={asProblem(written.error)} retry={() => { void written.refetch(); }} />;
  if (!written.data) return <Waiting />;
  const t = written.data;
  return (
    <Stack gap="sm">
      <Text size="sm">The fixture holds the user&apos;s values. It becomes a file of the draft, which everybody who may read the draft can read.</Text>
      <Text size="sm">It asks the hook&apos;s <code>{t.test.includes('"resolveConflict"') ? "resolveConflict" : "beforeWrite"}</code> for what the test expects. Until the hook answers so, the test fails, and a draft whose tests fail is not deployed.</Text>
      <Text size="sm" fw={600}><Plain>{t.path}</Plain></Text>
      <Code code={t.test} label="The test" />
      <Text size="sm" fw={600}><Plain>{t.fixture_path}</Plain></Text>
      <Code code={t.fixture} label="The fixture" />
      {save.problem && <Failure title="It was not saved" trouble={save.problem} />}
      <Group justify="flex-end">
        {save.isSuccess
          ? <LinkButton href={to.hooks(instance.id, { file: t.path, panel: "tests" })}>Open it in the editor</LinkButton>
          : <Action may={may("config:write")} loading={save.isPending} onClick={() => { save.mutate(undefined); }}>Save it among the draft&apos;s files</Action>}
      </Group>
    </Stack>
  );
}
