import { Alert, List, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { useSearchState } from "../../shell/search";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { plain } from "../../ui/plain";
import { Waiting } from "../../ui/Rows";
import { Diff } from "./promote/Diff";

type Promotion = components["schemas"]["Promotion"];

/** Carries what is deployed on this instance into the draft of another one of the project, with the difference first. */
export default function PromotePage(): ReactNode {
  const { instance, project } = useHere();
  const others = api.useQuery("get", "/api/v1/projects/{project}/instances", { params: { path: { project: project.id }, query: { limit: 100 } } });
  const [{ target }, go] = useSearchState({ target: "" });
  const choices = (others.data?.data ?? []).filter((i) => i.id !== instance.id);
  const chosen = choices.find((i) => i.id === target) ?? choices.find((i) => i.kind === "production") ?? choices[0];
  const lead = "Tables, rules, policies, sign-ins and hook files go over. The database, the PowerSync URL, audiences, development tokens and CORS never do.";
  return (
    <Page title="Promote" lead={lead}>
      {others.error && <Failure trouble={asProblem(others.error)} retry={() => { void others.refetch(); }} />}
      {!others.data && !others.error && <Waiting />}
      {others.data && choices.length === 0 && <Empty title="There is no other instance in this project">Make a production instance in the project, with its own database and PowerSync URL, then come back.</Empty>}
      {instance.deployment === 0 && <Alert color="yellow" variant="light">Nothing is deployed here yet. What is promoted is what has been deployed and tried.</Alert>}
      {chosen && (
        <Stack gap="md">
          <NativeSelect label={`From ${plain(instance.name)} to`} w={320} data={choices.map((i) => ({ value: i.id, label: `${plain(i.name)} (${i.kind})` }))} value={chosen.id} onChange={(e) => { go({ target: e.currentTarget.value }); }} />
          {instance.deployment > 0 && <Difference key={chosen.id} from={instance.id} to={chosen.id} name={chosen.name} />}
        </Stack>
      )}
    </Page>
  );
}

function Difference({ from, to: target, name }: { from: string; to: string; name: string }): ReactNode {
  const { may } = useHere();
  const navigate = useNavigate();
  const path = { instance: target, from };
  const read = api.useQuery("get", "/api/v1/instances/{instance}/promotion/{from}", { params: { path } }, { staleTime: 0 });
  const promote = useAct((seen: string) => body(client.POST("/api/v1/instances/{instance}/promotion/{from}", { params: { path }, body: { seen } })), {
    quiet: true,
    done: "It is the draft there now. Nothing is deployed yet.",
    refresh: [["get", "/api/v1/instances/{instance}/config"], ["get", "/api/v1/instances/{instance}/promotion/{from}"]],
    then: () => { void navigate({ href: to.configuration(target) }); },
  });
  const problem = read.error ? asProblem(read.error) : undefined;
  if (problem) return <Failure title="Nothing can be carried over yet" trouble={problem} retry={() => { void read.refetch(); }} />;
  if (!read.data) return <Waiting lines={6} />;
  const p = read.data;
  const same = p.config.before === p.config.after && p.files.length === 0;
  return (
    <Stack gap="md">
      <Text size="sm">Deployment {p.deployment} would replace the draft. Nothing is deployed by that: you look at it there, and deploy.</Text>
      {p.errors.length > 0 && <Failure title="It would not be valid there" trouble={{ message: "Mend these here, deploy, and come back.", errors: p.errors.map((e) => ({ location: e.path, message: e.message })) }} />}
      {p.warnings.length > 0 && <Alert color="yellow" variant="light" title="Worth knowing"><List size="sm">{p.warnings.map((w, n) => <List.Item key={n}><code><Plain>{w.path}</Plain></code>: <Plain>{w.message}</Plain></List.Item>)}</List></Alert>}
      {promote.problem && <Failure title="Not promoted" trouble={promote.problem} retry={() => { promote.reset(); void read.refetch(); }} />}
      <div>
        <Action may={may("config:write") !== true ? may("config:write") : same ? "Both are the same already." : p.errors.length > 0 ? "It would not be valid there." : true} loading={promote.isPending} onClick={() => {
          confirm({ title: "Replace the draft?", body: `The draft of ${plain(name)} and its hook files become what is shown here. What is deployed there stays as it is until you deploy.`, action: "Replace it", danger: false, onConfirm: () => { promote.mutate(p.seen); } });
        }}>Make it the draft of {plain(name)}</Action>
      </div>
      <Changes promotion={p} />
    </Stack>
  );
}

function Changes({ promotion: p }: { promotion: Promotion }): ReactNode {
  const words = { added: "new", changed: "changed", removed: "removed" };
  return (
    <Stack gap="md">
      <Title order={2} size="h3">What changes</Title>
      <Diff label="turnkey.yaml" before={p.config.before} after={p.config.after} />
      {p.files.map((f) => <Diff key={f.path} label={`${f.path} (${words[f.change]})`} before={f.before ?? ""} after={f.after ?? ""} />)}
      <Text size="sm" c="dimmed">Stays as it is there: {p.kept.map((k, n) => <span key={k}>{n > 0 && ", "}<code>{k}</code></span>)}.</Text>
    </Stack>
  );
}
