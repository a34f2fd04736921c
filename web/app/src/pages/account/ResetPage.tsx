import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { LinkButton } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Card } from "./Card";

/** Where the mailed link leads: choosing a new password, which ends all sessions. */
export default function ResetPage(): ReactNode {
  const [{ token }] = useSearchState({ token: "" });
  const queries = useQueryClient();
  const form = useForm({ initialValues: { password: "" } });
  const reset = useAct((v: { password: string }) => body(client.POST("/api/v1/auth/reset", { body: { token, password: v.password } })), { quiet: true, then: () => { queries.clear(); } });
  if (reset.isSuccess) {
    return (
      <Card title="Choose a new password">
        <Text role="status">Your password is changed, and you are signed out everywhere.</Text>
        <LinkButton href={to.signIn()}>Sign in</LinkButton>
      </Card>
    );
  }
  return (
    <Card title="Choose a new password" lead="You will be signed out everywhere.">
      <form onSubmit={form.onSubmit((v) => { reset.mutate(v); })}>
        <Stack gap="sm">
          <PasswordInput label="New password" description="At least 10 characters" autoComplete="new-password" minLength={10} required {...form.getInputProps("password")} />
          {reset.problem && <Failure title="Your password is not changed" trouble={reset.problem} />}
          <Button type="submit" loading={reset.isPending}>Change the password</Button>
        </Stack>
      </form>
    </Card>
  );
}
