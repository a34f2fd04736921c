import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A step's heading; it is focused when the step is opened, so that keyboard and screen reader follow. */
export function StepTitle({ children, lead }: { children: string; lead: ReactNode }): ReactNode {
  return (
    <Stack gap={2}>
      <Title order={2} size="h3" id="step-title" tabIndex={-1}>{children}</Title>
      <Text c="dimmed" maw="46rem">{lead}</Text>
    </Stack>
  );
}
