import { Group, Stack, Table, Text, Title } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Listing } from "../../shell/Listing";
import { useMay, useMe, useMembership } from "../../shell/me";
import { Person, usePeople, type Member } from "../../shell/people";
import { Restricted } from "../../shell/Restricted";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Empty } from "../../ui/Empty";
import { IconPlus } from "../../ui/icons";
import { Once } from "../../ui/Once";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { plain } from "../../ui/plain";
import { Time } from "../../ui/Time";
import { roleNames, useProjects, Where } from "./members/Access";
import { ChangeMember } from "./members/ChangeMember";
import { Invite } from "./members/Invite";

/** Who belongs to the organization, and who is invited. */
export default function MembersPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const me = useMe();
  const own = useMembership(org)?.role;
  const may = useMay(org);
  const write = may("member:write");
  const names = useProjects(org);
  const navigate = useNavigate();
  const [changing, change] = useState<Member>();
  const [inviting, invite] = useState(false);
  const [made, setMade] = useState<components["schemas"]["Invitation"]>();
  const list = usePages(["members", org], (cursor) => body(client.GET("/api/v1/orgs/{org}/members", { params: { path: { org }, query: { cursor } } })), { enabled: may("member:read") === true });
  const remove = useAct((user: string) => body(client.DELETE("/api/v1/orgs/{org}/members/{user}", { params: { path: { org, user } } })), {
    done: "Removed.", refresh: [["members", org], ["people", org], ["get", "/api/v1/auth/me"]], then: (_, user) => { if (user === me?.id) void navigate({ href: to.home() }); },
  });
  return (
    <Page title="Members" lead="Who can work here, on what." actions={<Action may={write} leftSection={<IconPlus />} onClick={() => { invite(true); }}>Invite</Action>}>
      <Restricted org={org} permission="member:read" what="The members are">
        <Listing list={list} label="Members" head={["Name", "Role", "Where", "Since", ""]} empty={<Empty title="Nobody" />}
          row={(m) => (
            <Table.Tr key={m.user_id}>
              <Table.Td><Text size="sm" fw={600}><Plain>{m.name || m.email}</Plain>{m.user_id === me?.id && " (you)"}</Text><Text size="sm" c="dimmed"><Plain>{m.email}</Plain></Text></Table.Td>
              <Table.Td>{roleNames[m.role]}</Table.Td>
              <Table.Td><Where projects={m.projects} names={names} /></Table.Td>
              <Table.Td><Time at={m.created_at} /></Table.Td>
              <Table.Td>
                <Group gap="xs" wrap="nowrap">
                  <Action size="compact-sm" variant="default" may={write} aria-label={`Change the role of ${plain(m.name || m.email)}`} onClick={() => { change(m); }}>Change</Action>
                  <Action size="compact-sm" variant="default" may={write} aria-label={`${m.user_id === me?.id ? "Leave" : "Remove"}: ${plain(m.name || m.email)}`} onClick={() => {
                    confirm({ title: m.user_id === me?.id ? "Leave the organization?" : `Remove ${plain(m.name || m.email)}?`, action: m.user_id === me?.id ? "Leave" : "Remove", body: "Their sessions and API tokens lose this organization at once. What they made stays.", onConfirm: () => { remove.mutate(m.user_id); } });
                  }}>{m.user_id === me?.id ? "Leave" : "Remove"}</Action>
                </Group>
              </Table.Td>
            </Table.Tr>
          )} />
      </Restricted>
      {write === true && <Invitations org={org} names={names} />}
      <ChangeMember org={org} own={own} member={changing} onClose={() => { change(undefined); }} />
      <Invite org={org} own={own} opened={inviting} onClose={() => { invite(false); }} onMade={(i) => { invite(false); setMade(i); }} />
      <Once title="The invitation's link" value={made?.token ? window.location.origin + to.invitation(made.token) : undefined} label="Link of the invitation" onClose={() => { setMade(undefined); }}>
        Send it to <Plain>{made?.email}</Plain>. It lets an account of that address join, until <time dateTime={made?.expires_at}>{made ? new Date(made.expires_at).toLocaleString() : ""}</time>.
      </Once>
    </Page>
  );
}

/** Invitations that nobody has accepted yet. Their links were shown when they were made. */
function Invitations({ org, names }: { org: string; names: { id: string; name: string }[] | undefined }): ReactNode {
  const people = usePeople(org);
  const list = usePages(["invitations", org], (cursor) => body(client.GET("/api/v1/orgs/{org}/invitations", { params: { path: { org }, query: { cursor } } })));
  const revoke = useAct((invitation: string) => body(client.DELETE("/api/v1/orgs/{org}/invitations/{invitation}", { params: { path: { org, invitation } } })), { done: "The invitation is taken back.", refresh: [["invitations", org]] });
  return (
    <Stack gap="sm" component="section" aria-labelledby="invitations">
      <Title order={2} size="h4" id="invitations">Open invitations</Title>
      <Listing list={list} label="Open invitations" head={["Address", "Role", "Where", "Invited", "Ends", ""]} empty={<Text size="sm" c="dimmed">None.</Text>}
        row={(i) => (
          <Table.Tr key={i.id}>
            <Table.Td><Plain>{i.email}</Plain></Table.Td>
            <Table.Td>{roleNames[i.role]}</Table.Td>
            <Table.Td><Where projects={i.projects} names={names} /></Table.Td>
            <Table.Td><Time at={i.created_at} /> by <Person id={i.invited_by} people={people} /></Table.Td>
            <Table.Td><time dateTime={i.expires_at}>{new Date(i.expires_at).toLocaleDateString()}</time></Table.Td>
            <Table.Td><Action size="compact-sm" variant="default" aria-label={`Take back the invitation of ${plain(i.email)}`} onClick={() => {
              confirm({ title: "Take the invitation back?", body: <>Its link stops working. <Plain>{i.email}</Plain> can be invited again.</>, action: "Take back", onConfirm: () => { revoke.mutate(i.id); } });
            }}>Take back</Action></Table.Td>
          </Table.Tr>
        )} />
    </Stack>
  );
}
