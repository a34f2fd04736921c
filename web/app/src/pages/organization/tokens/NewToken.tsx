import { Alert, Button, Checkbox, Group, Modal, NativeSelect, Radio, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { useMembership } from "../../../shell/me";
import { Failure } from "../../../ui/Failure";
import { AccessInput, complete, type Access } from "../members/Access";
import { lives, nouns } from "./scopes";

interface Props {
  org: string;
  opened: boolean;
  onClose: () => void;
  onMade: (token: string | undefined) => void;
}

/** Asks what a new API token may do, where, and until when. */
export function NewToken({ opened, onClose, ...rest }: Props): ReactNode {
  return <Modal opened={opened} onClose={onClose} title="New API token" size="lg" closeButtonProps={{ "aria-label": "Close" }}><Asking {...rest} onClose={onClose} /></Modal>;
}

function Asking({ org, onClose, onMade }: Omit<Props, "opened">): ReactNode {
  const own = useMembership(org);
  const [name, setName] = useState("");
  const [access, setAccess] = useState<Access>({ role: own?.role ?? "viewer", projects: own?.projects ?? undefined });
  const [scope, setScope] = useState<string[] | undefined>();
  const [life, setLife] = useState("7776000");
  const make = useAct(() => body(client.POST("/api/v1/orgs/{org}/tokens", { params: { path: { org } }, body: { name, ...access, ...(scope ? { permissions: scope } : {}), expires_in: Number(life) } })), { quiet: true, refresh: [["tokens", org]], then: (t) => { onMade(t.token); } });
  const ready = name !== "" && complete(access) && (scope === undefined || scope.length > 0);
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (ready) make.mutate(undefined); }}>
      <Stack gap="md">
        <TextInput label="Name" description="What uses it" required maxLength={100} value={name} onChange={(e) => { setName(e.currentTarget.value); }} data-autofocus />
        <AccessInput org={org} own={own?.role} value={access} onChange={setAccess} />
        <Radio.Group label="Permissions" value={scope === undefined ? "all" : "some"} onChange={(v) => { setScope(v === "all" ? undefined : []); }}>
          <Stack gap={6} mt={4}><Radio value="all" label="All that the role has" /><Radio value="some" label="Chosen ones only" /></Stack>
        </Radio.Group>
        {scope !== undefined && (
          <Checkbox.Group aria-label="Chosen permissions" value={scope} onChange={setScope} error={scope.length === 0 ? "Choose at least one." : undefined}>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
              {nouns(own?.may ?? []).map(([noun, permissions]) => (
                <div key={noun}><Text size="sm" fw={600}>{noun}</Text><Group gap="sm">{permissions.map((p) => <Checkbox key={p.value} value={p.value} label={p.label} size="xs" aria-label={p.value} />)}</Group></div>
              ))}
            </SimpleGrid>
          </Checkbox.Group>
        )}
        <NativeSelect label="Ends" description="Every token ends" data={lives} value={life} onChange={(e) => { setLife(e.currentTarget.value); }} />
        <Alert color="gray" variant="light" title="It acts as you">It never may more than you may, and ends with your membership.</Alert>
        {make.problem && <Failure title="No token was made" trouble={make.problem} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={make.isPending} disabled={!ready}>Make the token</Button></Group>
      </Stack>
    </form>
  );
}
