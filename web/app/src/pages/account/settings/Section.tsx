import { Paper, Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

/** A part of the account's page. */
export function Section({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <Paper withBorder p="lg" radius="md" component="section" aria-labelledby={id}>
      <Stack gap="md" align="flex-start">
        <div>
          <Title order={2} size="h4" id={id}>{title}</Title>
          {lead && <Text c="dimmed" size="sm" mt={4} maw="46rem">{lead}</Text>}
        </div>
        {children}
      </Stack>
    </Paper>
  );
}
