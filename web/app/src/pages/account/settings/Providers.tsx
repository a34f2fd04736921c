import { Alert, Button, Group, Table, Text, VisuallyHidden } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import type { Me } from "../../../shell/me";
import { useSearchState } from "../../../shell/search";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { refusal } from "../refusals";
import { useAsked, type Asked } from "./asked";
import { Proof } from "./Proof";
import { Section } from "./Section";

type Identity = components["schemas"]["Identity"];

const list = ["get", "/api/v1/auth/identities"];

/** The identity providers that sign one in; nothing where there are none at all. */
export function Providers({ me }: { me: Me }): ReactNode {
  const offered = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 });
  const linked = api.useQuery("get", "/api/v1/auth/identities");
  const [{ link, identity, error }, set] = useSearchState({ link: "", identity: "", error: "" });
  const asks = useAsked(me);
  const [ending, setEnding] = useState<Identity>();
  const titles = new Map(offered.data?.providers.map((p) => [p.name, p.title]));
  const add = useAct((proof: ReturnType<Asked["body"]>) => body(client.POST("/api/v1/auth/identities", { body: { identity, ...proof } })), {
    quiet: true, done: "From now on it signs you in.", refresh: [list], then: () => { set({ link: "", identity: "" }); },
  });
  const end = useAct((proof: ReturnType<Asked["body"]>) => body(client.POST("/api/v1/auth/identities/{identity}/unlink", { params: { path: { identity: ending?.id ?? "" } }, body: proof })), {
    quiet: true, done: "It signs you in no more.", refresh: [list], then: () => { setEnding(undefined); },
  });
  const providers = offered.data?.providers ?? [];
  if (offered.data && providers.length === 0 && (linked.data?.data.length ?? 0) === 0) return null;
  return (
    <Section title="Identity providers" lead="Signing in with a provider links it by itself where both have verified the same address. Others are linked here.">
      {error && <Alert color="red" variant="light" role="alert" title="Nothing was linked" withCloseButton closeButtonLabel="Close" onClose={() => { set({ error: "" }); }}>{refusal(error)}</Alert>}
      {identity && titles.has(link) && (
        <Alert color="blue" variant="light" title={plain(`Link your account at ${titles.get(link) ?? link}?`)}>
          <Proof asks={asks} action="Link it" waiting={add.isPending} problem={add.problem} onProof={(proof) => { add.mutate(proof); }} cancel={() => { add.reset(); set({ link: "", identity: "" }); }}>
            <Text size="sm">Whoever signs in there signs in to this account from then on.</Text>
          </Proof>
        </Alert>
      )}
      {linked.error && <Failure trouble={asProblem(linked.error)} retry={() => { void linked.refetch(); }} />}
      {linked.isPending && <Waiting lines={1} />}
      {linked.data?.data.length === 0 && <Text size="sm">None is linked yet.</Text>}
      {linked.data && linked.data.data.length > 0 && (
        <Rows label="Linked identity providers" head={["Provider", "Address there", "Linked", "Last used", <VisuallyHidden key="act">Unlink</VisuallyHidden>]}>
          {linked.data.data.map((i) => (
            <Table.Tr key={i.id}>
              <Table.Td><Plain>{i.provider}</Plain></Table.Td>
              <Table.Td><Plain>{i.email}</Plain></Table.Td>
              <Table.Td><Time at={i.created_at} /></Table.Td>
              <Table.Td><Time at={i.last_used_at} /></Table.Td>
              <Table.Td ta="right"><Button size="compact-sm" variant="default" color="red" aria-label={plain(`Unlink ${i.provider}, ${i.email}`)} onClick={() => { end.reset(); setEnding(i); }}>Unlink</Button></Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {ending && (
        <Proof key={ending.id} asks={asks} action="Unlink it" danger waiting={end.isPending} problem={end.problem} onProof={(proof) => { end.mutate(proof); }} cancel={() => { setEnding(undefined); }}>
          <Text size="sm"><Plain>{ending.email}</Plain> at <Plain>{ending.provider}</Plain> signs you in no more. An address that both have verified links it again when somebody signs in there.</Text>
        </Proof>
      )}
      {providers.length > 0 && (
        <Group gap="xs">
          {providers.map((p) => <Button key={p.name} variant="default" component="a" href={`/api/v1/auth/oidc/${encodeURIComponent(p.name)}/start?link=true`}>Link an account at&nbsp;<Plain>{p.title}</Plain></Button>)}
        </Group>
      )}
    </Section>
  );
}
