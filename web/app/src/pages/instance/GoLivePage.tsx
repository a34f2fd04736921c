import { Alert, Card, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import type { ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { LinkButton } from "../../shell/Link";
import { Action } from "../../ui/Action";
import { Code } from "../../ui/Code";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { IconCheck, IconWarn } from "../../ui/icons";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";

type Check = components["schemas"]["LiveCheck"];

const looks = { passed: { color: "teal", word: "Good" }, failed: { color: "red", word: "Not yet" }, unknown: { color: "yellow", word: "Not known" } };

/** Whether the instance is ready for users: each check, and what to do about the red ones. */
export default function GoLivePage(): ReactNode {
  const { instance } = useHere();
  const read = api.useQuery("get", "/api/v1/instances/{instance}/go-live", { params: { path: { instance: instance.id } } }, { staleTime: 0 });
  const checks = read.data?.checks ?? [];
  const open = checks.filter((c) => c.state !== "passed");
  const good = checks.filter((c) => c.state === "passed");
  return (
    <Page title="Go live" lead="What should be so before users come. The database is tested each time you look." actions={<Action variant="default" loading={read.isFetching} onClick={() => { void read.refetch(); }}>Check again</Action>}>
      {read.error && <Failure trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} />}
      {!read.data && !read.error && <Waiting lines={8} />}
      {read.data && (read.data.ready
        ? <Alert color="teal" variant="light" title="Ready">Every check is green.</Alert>
        : <Alert color="red" variant="light" title={open.length === 1 ? "One thing is left" : `${open.length} things are left`}>Each says what to do.</Alert>)}
      <Stack gap="sm">{[...open, ...good].map((c) => <One key={c.code} check={c} />)}</Stack>
    </Page>
  );
}

/** Keys that are pasted are never fetched, so somebody has to say that they were. */
function Pasted(): ReactNode {
  const { instance, may } = useHere();
  const say = useAct(() => body(client.POST("/api/v1/instances/{instance}/go-live/keys-pasted", { params: { path: { instance: instance.id } } })), {
    done: "Kept. After a rotation it is asked again.", refresh: [["get", "/api/v1/instances/{instance}/go-live"], ["get", "/api/v1/instances/{instance}/checklist"]],
  });
  return (
    <Group gap="xs">
      <LinkButton size="compact-sm" variant="default" href={to.connect(instance.id)}>The keys to paste</LinkButton>
      <Action size="compact-sm" variant="default" may={may("key:write")} loading={say.isPending} onClick={() => {
        confirm({ title: "Has PowerSync been given the keys by hand?", danger: false, action: "Yes, they are pasted", body: "Those of the connect page, under Client Auth, and deployed there. Without them every device is turned away there. A later rotation makes new keys: then they have to be pasted again.", onConfirm: () => { say.mutate(undefined); } });
      }}>I have pasted the keys</Action>
    </Group>
  );
}

function One({ check }: { check: Check }): ReactNode {
  const look = looks[check.state];
  return (
    <Card withBorder padding="sm" component="section" aria-label={`${look.word}: ${check.code.replaceAll("_", " ")}`}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <ThemeIcon size={24} radius="xl" variant="light" color={look.color}>{check.state === "passed" ? <IconCheck /> : <IconWarn />}</ThemeIcon>
        <Stack gap={4} flex={1} miw={0}>
          <Text><Text span fw={600}>{look.word}.</Text> <Plain>{check.message}</Plain></Text>
          {check.fix && <Text size="sm" fw={600}><Plain>{check.fix}</Plain></Text>}
          {check.code === "keys" && check.state !== "passed" && <Pasted />}
          {check.commands.length > 0 && <Code label="commands to paste" code={check.commands.join("\n")} />}
        </Stack>
      </Group>
    </Card>
  );
}
