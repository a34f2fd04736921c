import { Alert, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import type { Here } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { Code } from "../../../ui/Code";
import { Failure } from "../../../ui/Failure";

/** A token for any user, to try things with. */
export function DevelopmentToken({ here }: { here: Here }): ReactNode {
  const id = here.instance.id;
  const [user, setUser] = useState("demo");
  const mint = useAct((user_id: string) => body(client.POST("/api/v1/instances/{instance}/dev-token", { params: { path: { instance: id } }, body: { user_id } })), { quiet: true });
  const production = here.instance.kind === "production" ? "Production instances never give tokens that prove nothing." : true;
  const may = here.may("dev_token:create");
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-labelledby="development-token">
      <form onSubmit={(e) => { e.preventDefault(); if (may === true && production === true && user !== "") mint.mutate(user); }}>
        <Stack gap="sm">
          <div><Title order={2} size="h4" id="development-token">Development token</Title><Text size="sm" c="dimmed">For trying the upload by hand, as any user.</Text></div>
          <Group align="flex-end" gap="xs">
            <TextInput label="User's id" required maxLength={512} value={user} onChange={(e) => { setUser(e.currentTarget.value); }} />
            <Action type="submit" may={production === true ? may : production} loading={mint.isPending}>Get a token</Action>
          </Group>
          {mint.problem && <Failure title="No token was made" trouble={mint.problem} />}
          {mint.data && (
            <>
              <Code code={mint.data.token} label="Development token" />
              <Alert color="yellow" variant="light" title="Nobody proved to be this user" role="status">Whoever has the token is <code>{mint.data.user_id}</code> here until {new Date(mint.data.expires_at).toLocaleTimeString()}. Never build it into an app.</Alert>
            </>
          )}
        </Stack>
      </form>
    </Paper>
  );
}
