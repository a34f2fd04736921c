import { Alert, Button, Group, Modal, Stack, TextInput, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";

interface Props {
  instance: string;
  /** The secret to set; an empty name asks for one. undefined: closed. */
  asked: { name: string; replaces: boolean } | undefined;
  taken: string[];
  onClose: () => void;
}

/** Asks for a secret's value. It goes to the server and nowhere else. */
export function SetSecret({ asked, ...rest }: Props): ReactNode {
  const title = asked?.replaces ? `Replace ${plain(asked.name)}` : asked?.name ? `Set ${plain(asked.name)}` : "New secret";
  return <Modal opened={asked !== undefined} onClose={rest.onClose} title={title} closeButtonProps={{ "aria-label": "Close" }}>{asked && <Asking asked={asked} {...rest} />}</Modal>;
}

function Asking({ instance, asked, taken, onClose }: Props & { asked: NonNullable<Props["asked"]> }): ReactNode {
  const [name, setName] = useState(asked.name);
  const [value, setValue] = useState("");
  const act = useAct((v: { name: string; value: string }) => body(client.PUT("/api/v1/instances/{instance}/secrets/{name}", { params: { path: { instance, name: v.name } }, body: { value: v.value } })), {
    quiet: true, done: (_, v) => `The secret ${v.name} is set.`,
    refresh: [["secrets", instance], ["get", "/api/v1/instances/{instance}"], ["get", "/api/v1/instances/{instance}/config"], ["configuration", instance], ["configuration-check", instance]], then: onClose,
  });
  const given = asked.name !== "";
  const wrong = name !== "" && !/^[A-Z_][A-Z0-9_]{0,63}$/.test(name) ? "Capital letters, digits and underscores, such as SOURCE_URI." : undefined;
  const { replaces } = asked;
  const collides = !given && taken.includes(name);
  return (
    <form autoComplete="off" onSubmit={(e) => { e.preventDefault(); if (!wrong) act.mutate({ name, value }); }}>
      <Stack gap="sm">
        {!given && <TextInput label="Name" required value={name} error={wrong} spellCheck={false} onChange={(e) => { setName(e.currentTarget.value); }} data-autofocus />}
        {(replaces || collides) && <Alert color="yellow" variant="light" title="The value there is now is lost">What is deployed uses the new one within seconds.</Alert>}
        <Textarea label="Value" description="Exactly as it is used; it is not shown again" required autosize minRows={2} maxRows={8} maxLength={65536} spellCheck={false} value={value} onChange={(e) => { setValue(e.currentTarget.value); }} data-autofocus={given || undefined} />
        {act.problem && <Failure title="It was not set" trouble={act.problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={act.isPending} disabled={name === "" || !!wrong || value === ""}>{replaces || collides ? "Replace" : "Set"}</Button>
        </Group>
      </Stack>
    </form>
  );
}
