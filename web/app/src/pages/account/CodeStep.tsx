import { Button, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { useAct } from "../../shell/act";
import { Failure } from "../../ui/Failure";
import { Card } from "./Card";

/** The second step of signing in: a code of the authenticator app, or a recovery code. */
export function CodeStep({ challenge, done, back }: { challenge: string; done: () => void; back: () => void }): ReactNode {
  const form = useForm({ initialValues: { code: "" } });
  const enter = useAct((v: { code: string }) => body(client.POST("/api/v1/auth/login/code", { body: { challenge, code: v.code.trim() } })), { quiet: true, then: done });
  return (
    <Card title="One more step" lead="Type the code that your authenticator app shows, or one of your recovery codes.">
      <form onSubmit={form.onSubmit((v) => { enter.mutate(v); })}>
        <Stack gap="sm">
          <TextInput label="Code" autoComplete="one-time-code" inputMode="text" required data-autofocus maxLength={40} {...form.getInputProps("code")} />
          {enter.problem && <Failure title="Not signed in" trouble={enter.problem} />}
          <Button type="submit" loading={enter.isPending}>Sign in</Button>
          <Button variant="subtle" onClick={back}>Begin anew</Button>
        </Stack>
      </form>
    </Card>
  );
}
