import { List, Paper, Stack, Text, Title } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { to } from "../../../paths";
import type { Here } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Waiting } from "../../../ui/Rows";
import { parse, values } from "../configuration/document";
import { inWords } from "./words";

/** Who may ask for tokens, in words, as it is deployed. */
export function Providers({ here }: { here: Here }): ReactNode {
  const { id, deployment } = here.instance;
  const draft = api.useQuery("get", "/api/v1/instances/{instance}/config", { params: { path: { instance: id } } }, { enabled: deployment === 0 });
  const active = api.useQuery("get", "/api/v1/instances/{instance}/deployments/{number}", { params: { path: { instance: id, number: String(deployment) } } }, { enabled: deployment > 0 });
  const q = deployment > 0 ? active : draft;
  const told = useMemo(() => inWords(values(parse(q.data?.config ?? ""))), [q.data]);
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="providers">
      <Stack gap="sm">
        <div><Title order={2} size="h4" id="providers">Who may ask for tokens</Title><Text size="sm" c="dimmed">{deployment > 0 ? `As deployment ${deployment} says.` : "As the draft says; nothing is deployed yet."} <Link href={`${to.configuration(id)}?part=auth`} size="sm">Change it in the configuration</Link></Text></div>
        {q.error ? <Failure trouble={asProblem(q.error)} retry={() => { void q.refetch(); }} /> : !q.data ? <Waiting lines={2} /> : (
          <List size="sm" spacing="xs">{told.map((line, n) => <List.Item key={n}><Plain>{line}</Plain></List.Item>)}</List>
        )}
      </Stack>
    </Paper>
  );
}
