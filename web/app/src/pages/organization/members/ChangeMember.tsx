import { Button, Group, Modal, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { body, client, tagged, type Tagged } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { useAct } from "../../../shell/act";
import type { Member } from "../../../shell/people";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import { Waiting } from "../../../ui/Rows";
import { AccessInput, complete, type Access, type Role } from "./Access";

interface Props {
  org: string;
  own: Role | undefined;
  member: Member | undefined;
  onClose: () => void;
}

/** Asks for a member's new role and projects. */
export function ChangeMember({ member, onClose, ...rest }: Props): ReactNode {
  return (
    <Modal opened={member !== undefined} onClose={onClose} title={member ? `Role of ${plain(member.name || member.email)}` : ""} closeButtonProps={{ "aria-label": "Close" }}>
      {member && <Reading {...rest} user={member.user_id} onClose={onClose} />}
    </Modal>
  );
}

function Reading({ org, user, ...rest }: { org: string; own: Role | undefined; user: string; onClose: () => void }): ReactNode {
  const params = { path: { org, user } };
  const now = useQuery({ queryKey: ["member", org, user], gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false, queryFn: async () => tagged(await client.GET("/api/v1/orgs/{org}/members/{user}", { params })) as Tagged<Member> });
  const again = (): void => { void now.refetch(); };
  if (now.error) return <Failure trouble={asProblem(now.error)} retry={again} />;
  if (!now.data) return <Waiting lines={3} />;
  return <Asking key={now.data.tag} {...rest} org={org} seen={now.data} again={again} />;
}

function Asking({ org, own, seen, again, onClose }: { org: string; own: Role | undefined; seen: Tagged<Member>; again: () => void; onClose: () => void }): ReactNode {
  const [access, setAccess] = useState<Access>({ role: seen.value.role, projects: seen.value.projects ?? undefined });
  const act = useAct((a: Access) => body(client.PATCH("/api/v1/orgs/{org}/members/{user}", { params: { path: { org, user: seen.value.user_id }, header: { "If-Match": seen.tag } }, body: a })), {
    quiet: true, done: "Changed. It holds from their next request.", refresh: [["members", org], ["people", org], ["get", "/api/v1/auth/me"]], then: onClose,
  });
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (complete(access)) act.mutate(access); }}>
      <Stack gap="md">
        <AccessInput org={org} own={own} value={access} onChange={setAccess} />
        {act.problem && <Failure title="It was not changed" trouble={act.problem} retry={act.problem.status === 412 ? again : undefined} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={act.isPending} disabled={!complete(access)}>Change</Button></Group>
      </Stack>
    </form>
  );
}
