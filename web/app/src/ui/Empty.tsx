import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** What a list shows when there is nothing: why, and what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }): ReactNode {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <Title order={2} size="h4">{title}</Title>
      {children && <Text c="dimmed" maw="34rem">{children}</Text>}
      {action}
    </Stack>
  );
}
