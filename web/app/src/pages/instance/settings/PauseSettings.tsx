import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Here } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { plain } from "../../../ui/plain";
import { Section } from "./Section";
import { useEdit } from "./useEdit";

/** Holding uploads back, and letting them in again. */
export function PauseSettings({ here }: { here: Here }): ReactNode {
  const { id, name, state, kind } = here.instance;
  const may = here.may("instance:write");
  const pause = useEdit(id, "The instance is paused.");
  const resume = useEdit(id, "The instance takes writes again.");
  return (
    <Section title={state === "paused" ? "Paused" : "Pause"} lead={state === "paused" ? "Uploads are held back. Devices keep their writes and try again; nothing is lost." : "A paused instance holds uploads back: devices keep their writes and try again later. Nothing is lost."}>
      <Group>
        {state === "paused"
          ? <Action may={may} loading={resume.isPending} onClick={() => {
            confirm({ title: "Resume the instance?", danger: false, action: "Resume", body: "Devices send what they kept, within minutes.", onConfirm: () => { resume.mutate({ state: "active" }); } });
          }}>Resume</Action>
          : <Action variant="default" may={may} loading={pause.isPending} onClick={() => {
            confirm({ title: `Pause ${plain(name)}?`, action: "Pause", typed: kind === "production" ? name : undefined, body: <Text size="sm">No write reaches the database until it is resumed. Devices keep theirs, and their users see no error.</Text>, onConfirm: () => { pause.mutate({ state: "paused" }); } });
          }}>Pause</Action>}
      </Group>
    </Section>
  );
}
