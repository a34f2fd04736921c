import { Alert, List, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { IconCheck } from "../../../ui/icons";
import { Plain } from "../../../ui/Plain";
import { Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";

/** How far the app has come; read again every three seconds until all of it is done. */
export function Checklist({ instance }: { instance: string }): ReactNode {
  const read = api.useQuery("get", "/api/v1/instances/{instance}/checklist", { params: { path: { instance } } }, {
    refetchInterval: (q) => (q.state.data?.steps.every((s) => s.done) ? 30_000 : 3_000),
  });
  const steps = read.data?.steps;
  const all = steps?.every((s) => s.done);
  return (
    <Stack component="section" gap="xs" aria-labelledby="checklist">
      <Title order={2} size="h3" id="checklist">On the way to the first write</Title>
      {read.error && !steps && <Failure trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} />}
      {!steps && !read.error && <Waiting lines={5} />}
      {all && <Alert color="teal" variant="light">All of it has been seen. The app writes, and conflicts are noticed.</Alert>}
      <List listStyleType="none" withPadding={false} spacing="xs" role="list" aria-live="polite">
        {steps?.map((s) => (
          <List.Item key={s.code} icon={<ThemeIcon size={22} radius="xl" color={s.done ? "teal" : "gray"} variant={s.done ? "filled" : "outline"}>{s.done && <IconCheck />}</ThemeIcon>}>
            <Text span fw={s.done ? 600 : 400}>{s.done ? "Done: " : "Waiting: "}<Plain>{s.message}</Plain></Text>
            {s.first_at && <Text span size="sm" c="dimmed"> First <Time at={s.first_at} />, last <Time at={s.last_at ?? undefined} />.</Text>}
            {s.hint && <Text size="sm" c="dimmed"><Plain>{s.hint}</Plain></Text>}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
