import { Alert, Badge, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import { hooksOf } from "./DeploymentList";
import type { Whole } from "./deployments";

/** Who made it, when, why, and what its hooks export. */
export function Summary({ of: d }: { of: Whole }): ReactNode {
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {d.active && <Badge color="teal" variant="light">active</Badge>}
        <Text size="sm"><Plain>{d.created_by_name ?? d.created_by}</Plain>, <Time at={d.created_at} />. Last made active <Time at={d.activated_at} />.</Text>
      </Group>
      <Text><Plain>{d.message || "No message."}</Plain></Text>
      {d.braked_at && (
        <Alert color="red" variant="light" title="The brake took it back">
          <Time at={d.braked_at} />: it refused what the deployment before it took. What it refused is kept, and can be replayed.
        </Alert>
      )}
      <Text size="sm" c="dimmed">Hooks: {hooksOf(d)}.</Text>
      {d.hooks && d.hooks.functions.map((f) => <Text key={f.file} size="sm"><code><Plain>{f.file}</Plain></code>: <Plain>{f.functions.join(", ")}</Plain></Text>)}
    </Stack>
  );
}
