import { Alert, Button, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "./Plain";

/** What a problem needs to have to be shown. */
export interface Trouble {
  /** Of the answer; what a role forbids does not come by asking again. */
  status?: number;
  message: string;
  hint?: string;
  requestId?: string;
  errors?: { location?: string; message: string }[];
}

/** Something went wrong: what, where, what to change, what to quote, and another try where that helps. */
export function Failure({ trouble, retry, title = trouble.status === 403 ? "Not for your role" : "That did not work" }: { trouble: Trouble; retry?: () => void; title?: string }): ReactNode {
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm"><Plain>{trouble.message}</Plain></Text>
        {trouble.errors && trouble.errors.length > 0 && (
          <List size="sm">
            {trouble.errors.map((e, n) => (
              <List.Item key={n}>{e.location && <><code><Plain>{e.location}</Plain></code>: </>}<Plain>{e.message}</Plain></List.Item>
            ))}
          </List>
        )}
        {trouble.hint && <Text size="sm" fw={600}><Plain>{trouble.hint}</Plain></Text>}
        {trouble.requestId && <Text size="xs" c="dimmed">Request <Plain>{trouble.requestId}</Plain></Text>}
        {retry && trouble.status !== 403 && <Button size="compact-sm" variant="default" onClick={retry}>Try again</Button>}
      </Stack>
    </Alert>
  );
}
