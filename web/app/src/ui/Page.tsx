import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import classes from "./Page.module.css";
import { plain } from "./plain";

interface Props {
  title: string;
  /** One sentence about what the page is for. */
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page: its one h1, its actions, its content. Also names the browser's tab. */
export function Page({ title, lead, actions, children }: Props): ReactNode {
  const shown = plain(title);
  useEffect(() => {
    document.title = `${shown} · Turnkey`;
  }, [shown]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box flex="1 1 18rem" miw={0} maw="46rem">
          <Title order={1} size="h2" className={classes.title}>{shown}</Title>
          {lead && <Text c="dimmed" mt={4}>{lead}</Text>}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
