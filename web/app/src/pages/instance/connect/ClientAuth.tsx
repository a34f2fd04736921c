import { Alert, List, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Code, Value } from "../../../ui/Code";
import { Json } from "../../../ui/Json";
import { Plain } from "../../../ui/Plain";

/** What PowerSync's client authentication is told: where the keys are, or the keys themselves. */
export function ClientAuth({ auth }: { auth: components["schemas"]["ClientAuth"] }): ReactNode {
  return (
    <Stack component="section" gap="xs" aria-labelledby="auth">
      <Title order={2} size="h3" id="auth">Client auth in PowerSync</Title>
      <Text size="sm" c="dimmed" maw="46rem">In PowerSync&apos;s dashboard under Client Auth. Save and deploy there; the checklist above says when the keys were fetched.</Text>
      {auth.reachable ? (
        <List listStyleType="none" withPadding={false} spacing={4}>
          <List.Item>JWKS URI: <Value label="JWKS URI" value={auth.jwks_uri} /></List.Item>
        </List>
      ) : (
        <Stack gap="xs">
          <Alert color="blue" variant="light" title="Paste the keys instead"><Plain>{auth.why}</Plain> A sync service beside it can still fetch <code><Plain>{auth.jwks_uri}</Plain></code>. Pasted keys have to be pasted again after a rotation.</Alert>
          <Json label="keys" value={auth.jwks} />
        </Stack>
      )}
      <List listStyleType="none" withPadding={false} spacing={4}>
        {auth.audiences.map((a) => <List.Item key={a}>Audience: <Value label="audience" value={a} /></List.Item>)}
      </List>
      <Text size="sm">For a service that you run yourself:</Text>
      <Code label="client auth of a self-hosted service" code={auth.yaml} />
    </Stack>
  );
}
