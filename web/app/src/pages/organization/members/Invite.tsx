import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { Failure } from "../../../ui/Failure";
import { AccessInput, complete, type Access, type Role } from "./Access";

type Invitation = components["schemas"]["Invitation"];

interface Props {
  org: string;
  own: Role | undefined;
  opened: boolean;
  onClose: () => void;
  onMade: (i: Invitation) => void;
}

/** Asks whom to invite, as what. */
export function Invite({ opened, onClose, ...rest }: Props): ReactNode {
  return <Modal opened={opened} onClose={onClose} title="Invite somebody" closeButtonProps={{ "aria-label": "Close" }}><Asking {...rest} onClose={onClose} /></Modal>;
}

function Asking({ org, own, onClose, onMade }: Omit<Props, "opened">): ReactNode {
  const [email, setEmail] = useState("");
  const [access, setAccess] = useState<Access>({ role: "developer", projects: undefined });
  const act = useAct(() => body(client.POST("/api/v1/orgs/{org}/invitations", { params: { path: { org } }, body: { email, ...access } })), { quiet: true, refresh: [["invitations", org]], then: onMade });
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (complete(access)) act.mutate(undefined); }}>
      <Stack gap="md">
        <TextInput label="E-mail address" type="email" description="Only an account of this address can accept" required maxLength={254} value={email} onChange={(e) => { setEmail(e.currentTarget.value); }} data-autofocus />
        <AccessInput org={org} own={own} value={access} onChange={setAccess} />
        {act.problem && <Failure title="Nobody was invited" trouble={act.problem} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={act.isPending} disabled={!complete(access)}>Invite</Button></Group>
      </Stack>
    </form>
  );
}
