import { Paper, Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

/** One group of settings. */
export function Section({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby={id}>
      <Stack gap="sm">
        <div><Title order={2} size="h4" id={id}>{title}</Title>{lead && <Text size="sm" c="dimmed" component="div">{lead}</Text>}</div>
        {children}
      </Stack>
    </Paper>
  );
}
