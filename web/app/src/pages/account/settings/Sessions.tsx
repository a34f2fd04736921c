import { Badge, Button, Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { useAct } from "../../../shell/act";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { device } from "./device";
import { Section } from "./Section";

const list = ["get", "/api/v1/auth/sessions"];

/** Where one is signed in. */
export function Sessions(): ReactNode {
  const sessions = api.useQuery("get", "/api/v1/auth/sessions");
  const end = useAct((session: string) => body(client.DELETE("/api/v1/auth/sessions/{session}", { params: { path: { session } } })), { done: "That browser is signed out.", refresh: [list] });
  const others = useAct(() => body(client.DELETE("/api/v1/auth/sessions", {})), { done: (r) => (r.ended === 1 ? "One browser is signed out." : `${r.ended} browsers are signed out.`), refresh: [list] });
  const data = sessions.data?.data ?? [];
  return (
    <Section title="Sessions" lead="Every browser that is signed in to your account. What you do not know, sign out, and change your password.">
      {sessions.error && <Failure trouble={asProblem(sessions.error)} retry={() => { void sessions.refetch(); }} />}
      {sessions.isPending && <Waiting lines={2} />}
      {data.length > 0 && (
        <Rows label="Browsers that are signed in" head={["Browser", "Address", "Signed in", "Last used", <VisuallyHidden key="act">Sign out</VisuallyHidden>]}>
          {data.map((s) => (
            <Table.Tr key={s.id}>
              <Table.Td title={s.user_agent}><Plain>{device(s.user_agent)}</Plain> {s.current && <Badge variant="default" ml={4}>this one</Badge>}</Table.Td>
              <Table.Td><Plain>{s.ip}</Plain></Table.Td>
              <Table.Td><Time at={s.created_at} /></Table.Td>
              <Table.Td><Time at={s.last_used_at} /></Table.Td>
              <Table.Td ta="right">
                {!s.current && <Button size="compact-sm" variant="default" loading={end.isPending && end.variables === s.id} onClick={() => { end.mutate(s.id); }}>Sign out<VisuallyHidden>: <Plain>{device(s.user_agent)}</Plain></VisuallyHidden></Button>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {data.length > 1 && (
        <Button
          variant="default"
          loading={others.isPending}
          onClick={() => { confirm({ title: "Sign out everywhere else?", body: "Every browser but this one has to sign in again.", action: "Sign out the others", onConfirm: () => { others.mutate(undefined); } }); }}
        >
          Sign out everywhere else
        </Button>
      )}
    </Section>
  );
}
