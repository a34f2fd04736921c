import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { Section } from "./Section";

/** The identity providers that sign one in; nothing where there are none at all. */
export function Providers(): ReactNode {
  const offered = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 });
  const linked = api.useQuery("get", "/api/v1/auth/identities");
  if (offered.data && offered.data.providers.length === 0 && (linked.data?.data.length ?? 0) === 0) return null;
  return (
    <Section title="Identity providers" lead="Signing in with a provider links it to the account whose address both have verified.">
      {linked.error && <Failure trouble={asProblem(linked.error)} retry={() => { void linked.refetch(); }} />}
      {linked.isPending && <Waiting lines={1} />}
      {linked.data?.data.length === 0 && <Text size="sm">None is linked yet. Sign out, and sign in with one.</Text>}
      {linked.data && linked.data.data.length > 0 && (
        <Rows label="Linked identity providers" head={["Provider", "Address there", "Linked", "Last used"]}>
          {linked.data.data.map((i) => (
            <Table.Tr key={i.issuer + i.email}>
              <Table.Td><Plain>{i.provider}</Plain></Table.Td>
              <Table.Td><Plain>{i.email}</Plain></Table.Td>
              <Table.Td><Time at={i.created_at} /></Table.Td>
              <Table.Td><Time at={i.last_used_at} /></Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
    </Section>
  );
}
