import { Anchor, Center, Paper, Stack, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { to } from "../../paths";

/** The frame of pages for people who are not signed in. */
export function Card({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · Turnkey`;
  }, [title]);
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w="100%" maw={400} gap="md">
        <Paper withBorder p="lg" radius="md">
          <Stack gap="md">
            <div>
              <Title order={1} size="h3">{title}</Title>
              {lead && <Text c="dimmed" size="sm" mt={4}>{lead}</Text>}
            </div>
            {children}
          </Stack>
        </Paper>
        <Text size="sm" ta="center"><Anchor href={to.docs()}>API documentation</Anchor></Text>
      </Stack>
    </Center>
  );
}
