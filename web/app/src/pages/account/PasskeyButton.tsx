import { Button, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { useAct } from "../../shell/act";
import { Failure } from "../../ui/Failure";
import { known, use } from "./passkeys";

/** Signing in with a passkey: no name, no password. Not there where browser or address know none. */
export function PasskeyButton({ done }: { done: () => void }): ReactNode {
  const offered = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 }).data?.passkeys;
  const enter = useAct(async () => {
    const asked = await body(client.POST("/api/v1/auth/login/passkey/begin", {}));
    const credential = await use(asked.options);
    return body(client.POST("/api/v1/auth/login/passkey", { body: { challenge: asked.challenge, credential } }));
  }, { quiet: true, then: done });
  if (!offered || !known()) return null;
  return (
    <Stack gap="xs">
      <Button variant="default" loading={enter.isPending} onClick={() => { enter.mutate(undefined); }}>Sign in with a passkey</Button>
      {enter.problem && <Failure title="Not signed in" trouble={enter.problem} />}
    </Stack>
  );
}
