import { Button, Group, Modal, NativeSelect, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { usePages } from "../../../api/pages";
import { useAct } from "../../../shell/act";
import type { Here } from "../../../shell/instance";
import { Listing } from "../../../shell/Listing";
import { Person, useColleagues } from "../../../shell/people";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { Once } from "../../../ui/Once";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { Time } from "../../../ui/Time";

const lives = [{ value: "0", label: "Never" }, { value: "2592000", label: "In 30 days" }, { value: "7776000", label: "In 90 days" }, { value: "31536000", label: "In a year" }];

/** The keys of customers' own servers. */
export function APIKeys({ here }: { here: Here }): ReactNode {
  const id = here.instance.id;
  const path = { instance: id };
  const may = here.may("key:write");
  const people = useColleagues(here.project.id);
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<string>();
  const list = usePages(["api-keys", id], () => body(client.GET("/api/v1/instances/{instance}/api-keys", { params: { path } })));
  const remove = useAct((key: string) => body(client.DELETE("/api/v1/instances/{instance}/api-keys/{key}", { params: { path: { ...path, key } } })), { done: "The API key is deleted.", refresh: [["api-keys", id]] });
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="api-keys">
      <Stack gap="md">
        <Group justify="space-between" align="flex-start">
          <div><Title order={2} size="h4" id="api-keys">API keys</Title><Text size="sm" c="dimmed">For your own server: it asks for a token in the name of one of its users. Needs a provider of type api_key.</Text></div>
          <Action variant="default" may={may} onClick={() => { setAsking(true); }}>New API key</Action>
        </Group>
        <Listing list={list} label="List of API keys" head={["Name", "Begins with", "Made", "Ends", ""]} empty={<Text size="sm" c="dimmed">None.</Text>}
          row={(k) => (
            <Table.Tr key={k.id}>
              <Table.Td><Plain>{k.name}</Plain></Table.Td>
              <Table.Td><code><Plain>{k.hint}</Plain>…</code></Table.Td>
              <Table.Td><Time at={k.created_at} /> by <Person id={k.created_by} people={people} /></Table.Td>
              <Table.Td>{k.expires_at ? <span title={new Date(k.expires_at).toLocaleString()}>{new Date(k.expires_at).toLocaleDateString()}</span> : "never"}</Table.Td>
              <Table.Td><Action size="compact-sm" variant="default" may={may} aria-label={`Delete ${plain(k.name)}`} onClick={() => {
                confirm({ title: `Delete the API key ${plain(k.name)}?`, body: "The server that uses it gets no tokens from then on. This cannot be undone.", action: "Delete", onConfirm: () => { remove.mutate(k.id); } });
              }}>Delete</Action></Table.Td>
            </Table.Tr>
          )} />
      </Stack>
      <Modal opened={asking} onClose={() => { setAsking(false); }} title="New API key" closeButtonProps={{ "aria-label": "Close" }}>
        <NewKey instance={id} onClose={() => { setAsking(false); }} onMade={(key) => { setAsking(false); setMade(key); }} />
      </Modal>
      <Once title="The API key" value={made} label="API key" onClose={() => { setMade(undefined); }}>Your server sends it as <code>Authorization: Bearer …</code> to <code><Plain>{here.instance.urls.token}</Plain></code> with the user&apos;s id.</Once>
    </Paper>
  );
}

function NewKey({ instance, onClose, onMade }: { instance: string; onClose: () => void; onMade: (key: string | undefined) => void }): ReactNode {
  const [name, setName] = useState("");
  const [life, setLife] = useState("0");
  const make = useAct(() => body(client.POST("/api/v1/instances/{instance}/api-keys", { params: { path: { instance } }, body: { name, ...(life === "0" ? {} : { expires_in: Number(life) }) } })), { quiet: true, refresh: [["api-keys", instance]], then: (k) => { onMade(k.key); } });
  return (
    <form onSubmit={(e) => { e.preventDefault(); make.mutate(); }}>
      <Stack gap="sm">
        <TextInput label="Name" description="What uses it" required maxLength={100} value={name} onChange={(e) => { setName(e.currentTarget.value); }} data-autofocus />
        <NativeSelect label="Ends" data={lives} value={life} onChange={(e) => { setLife(e.currentTarget.value); }} />
        {make.problem && <Failure title="No key was made" trouble={make.problem} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={make.isPending}>Make the key</Button></Group>
      </Stack>
    </form>
  );
}
