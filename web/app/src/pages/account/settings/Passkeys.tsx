import { Button, Group, PasswordInput, Stack, Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { useAct } from "../../../shell/act";
import type { Me } from "../../../shell/me";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { known, make } from "../passkeys";
import { device } from "./device";
import { Section } from "./Section";

const list = ["get", "/api/v1/auth/passkeys"];

/** The passkeys that sign one in; nothing where the address of the dashboard knows none. */
export function Passkeys({ me }: { me: Me }): ReactNode {
  const offered = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 }).data?.passkeys;
  const keys = api.useQuery("get", "/api/v1/auth/passkeys");
  const [adding, setAdding] = useState(false);
  const drop = useAct((passkey: string) => body(client.DELETE("/api/v1/auth/passkeys/{passkey}", { params: { path: { passkey } } })), { done: "The passkey is removed. Remove it from your device, too.", refresh: [list] });
  if (offered === false) return null;
  const data = keys.data?.data ?? [];
  return (
    <Section title="Passkeys" lead="A passkey signs you in with your finger, your face or the PIN of your device, without a password. It works at this address only, so nobody can trick you into showing it elsewhere.">
      {keys.error && <Failure trouble={asProblem(keys.error)} retry={() => { void keys.refetch(); }} />}
      {keys.isPending && <Waiting lines={1} />}
      {data.length > 0 && (
        <Rows label="Your passkeys" head={["Name", "Added", "Last used", <VisuallyHidden key="act">Remove</VisuallyHidden>]}>
          {data.map((k) => (
            <Table.Tr key={k.id}>
              <Table.Td><Name id={k.id} name={k.name} /></Table.Td>
              <Table.Td><Time at={k.created_at} /></Table.Td>
              <Table.Td><Time at={k.last_used_at ?? undefined} /></Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-sm" variant="default" color="red" aria-label={plain(`Remove ${k.name}`)}
                  onClick={() => { confirm({ title: "Remove this passkey?", body: <><Plain>{k.name}</Plain> signs you in no more.</>, action: "Remove it", onConfirm: () => { drop.mutate(k.id); } }); }}
                >
                  Remove
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {adding
        ? <Adding me={me} close={() => { setAdding(false); }} />
        : <Action may={known() || "This browser knows no passkeys."} onClick={() => { setAdding(true); }}>Add a passkey</Action>}
    </Section>
  );
}

/** The name of a passkey, and a form to change it. */
function Name({ id, name }: { id: string; name: string }): ReactNode {
  const [editing, setEditing] = useState(false);
  const form = useForm({ initialValues: { name } });
  const rename = useAct((v: { name: string }) => body(client.PATCH("/api/v1/auth/passkeys/{passkey}", { params: { path: { passkey: id } }, body: v })), { refresh: [list], then: () => { setEditing(false); } });
  if (!editing) {
    return (
      <Group gap="xs" wrap="nowrap">
        <Plain>{name}</Plain>
        <Button size="compact-xs" variant="subtle" aria-label={plain(`Rename ${name}`)} onClick={() => { form.setValues({ name }); setEditing(true); }}>Rename</Button>
      </Group>
    );
  }
  return (
    <form onSubmit={form.onSubmit((v) => { rename.mutate(v); })}>
      <Group gap="xs" wrap="nowrap">
        <TextInput size="xs" aria-label="Name of the passkey" required maxLength={100} data-autofocus {...form.getInputProps("name")} />
        <Button size="compact-sm" type="submit" loading={rename.isPending}>Save</Button>
        <Button size="compact-sm" variant="default" onClick={() => { setEditing(false); }}>Cancel</Button>
      </Group>
    </form>
  );
}

function Adding({ me, close }: { me: Me; close: () => void }): ReactNode {
  const form = useForm({ initialValues: { name: device(navigator.userAgent), password: "" } });
  const add = useAct(async (v: typeof form.values) => {
    const asked = await body(client.POST("/api/v1/auth/passkeys/begin", { body: me.has_password ? { password: v.password } : {} }));
    const credential = await make(asked.options);
    return body(client.POST("/api/v1/auth/passkeys", { body: { challenge: asked.challenge, name: v.name, credential } }));
  }, { quiet: true, done: "The passkey is added.", refresh: [list], then: close });
  return (
    <form onSubmit={form.onSubmit((v) => { add.mutate(v); })}>
      <Stack gap="sm" align="flex-start">
        <TextInput label="Name of the device" required maxLength={100} w={280} {...form.getInputProps("name")} />
        {me.has_password && <PasswordInput label="Your password" autoComplete="current-password" required maxLength={256} w={280} {...form.getInputProps("password")} />}
        {add.problem && <Failure title="No passkey was added" trouble={add.problem} />}
        <Text size="sm" c="dimmed">Your browser asks for your finger, face or PIN next.</Text>
        <Group gap="xs">
          <Button type="submit" loading={add.isPending}>Add it</Button>
          <Button variant="default" onClick={close}>Cancel</Button>
        </Group>
      </Stack>
    </form>
  );
}
