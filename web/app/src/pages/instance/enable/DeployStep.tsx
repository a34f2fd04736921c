import { Alert, Group, List, Stack } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { body, client, tagged } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { Code } from "../../../ui/Code";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { forget } from "./answers";
import { documentOf } from "./document";
import type { StepProps } from "./EnablePage";
import { StepTitle } from "./StepTitle";
import { useChecked } from "./checked";

/** The whole configuration, checked; deploying ends at Connect. */
export function DeployStep({ answers }: StepProps): ReactNode {
  const { instance, may } = useHere();
  const path = { instance: instance.id };
  const navigate = useNavigate();
  const config = useMemo(() => documentOf(answers), [answers]);
  const checked = useChecked(instance.id, config, may("config:write") === true);
  const deploy = useAct(
    async () => {
      const draft = tagged(await client.GET("/api/v1/instances/{instance}/config", { params: { path } }));
      await client.PUT("/api/v1/instances/{instance}/config", { params: { path, header: { "If-Match": draft.tag } }, body: { config } });
      return body(client.POST("/api/v1/instances/{instance}/deployments", { params: { path }, body: { message: "Enabled by the guide" } }));
    },
    {
      quiet: true,
      done: (d) => (d.pending ? "Deployed. Runtimes are picking it up." : "Deployed: it is live."),
      refresh: [["get", "/api/v1/instances/{instance}"], ["get", "/api/v1/instances/{instance}/connect"], ["get", "/api/v1/instances/{instance}/config"]],
      then: () => { forget(instance.id); void navigate({ href: to.connect(instance.id) }); },
    },
  );
  const errors = checked.data?.errors ?? [];
  const warnings = checked.data?.warnings ?? [];
  const allowed = may("config:write") === true ? may("deployment:write") : may("config:write");
  return (
    <Stack gap="md">
      <StepTitle lead="This is your turnkey.yaml. You can change all of it later, under Configuration, and go back to any deployment with one click.">Deploy</StepTitle>
      {errors.length > 0 && <Failure title="It cannot be deployed yet" trouble={{ message: "The configuration has mistakes.", errors: errors.map((e) => ({ location: e.path, message: e.message })) }} />}
      {warnings.length > 0 && (
        <Alert color="yellow" variant="light" title="Worth knowing">
          <List size="sm">{warnings.map((w, n) => <List.Item key={n}><code><Plain>{w.path}</Plain></code>: <Plain>{w.message}</Plain></List.Item>)}</List>
        </Alert>
      )}
      {deploy.problem && <Failure title="Not deployed" trouble={deploy.problem} />}
      <Group><Action may={errors.length > 0 ? "Mend the mistakes first: go back to the step that they are about." : allowed} loading={deploy.isPending} onClick={() => { deploy.mutate(undefined); }}>Deploy and connect an app</Action></Group>
      <Code label="turnkey.yaml" code={config} />
    </Stack>
  );
}
