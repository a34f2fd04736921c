import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Link } from "../../shell/Link";
import { Failure } from "../../ui/Failure";
import { Card } from "./Card";

/** Asking for a link to choose a new password. What it answers tells nobody who has an account. */
export default function ForgotPage(): ReactNode {
  const form = useForm({ initialValues: { email: "" } });
  const ask = useAct((v: { email: string }) => body(client.POST("/api/v1/auth/forgot", { body: v })), { quiet: true });
  return (
    <Card title="Reset your password" lead="We mail a link to choose a new one. It works once, within an hour.">
      {ask.isSuccess
        ? <Text role="status">If there is an account of this address, a mail is on its way.</Text>
        : (
          <form onSubmit={form.onSubmit((v) => { ask.mutate(v); })}>
            <Stack gap="sm">
              <TextInput label="E-mail address" type="email" autoComplete="username" required {...form.getInputProps("email")} />
              {ask.problem && <Failure title="No mail was sent" trouble={ask.problem} />}
              <Button type="submit" loading={ask.isPending}>Mail me a link</Button>
            </Stack>
          </form>
        )}
      <Text size="sm"><Link href={to.signIn()} size="sm">Back to signing in</Link></Text>
    </Card>
  );
}
