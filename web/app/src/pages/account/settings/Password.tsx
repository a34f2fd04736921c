import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { Link } from "../../../shell/Link";
import type { Me } from "../../../shell/me";
import { Failure } from "../../../ui/Failure";
import { Section } from "./Section";

/** Changing the password, with the one until now. */
export function Password({ me }: { me: Me }): ReactNode {
  const form = useForm({ initialValues: { password: "", new_password: "" } });
  const change = useAct((v: typeof form.values) => body(client.POST("/api/v1/auth/password", { body: v })), {
    quiet: true,
    done: "Your password is changed. Other browsers are signed out.",
    refresh: [["get", "/api/v1/auth/sessions"]],
    then: () => { form.reset(); },
  });
  if (!me.has_password) {
    return (
      <Section title="Password">
        <Text size="sm">Your account has none: a provider signs you in. To get one, sign out and <Link href={to.forgot()} size="sm">ask for a link by mail</Link>.</Text>
      </Section>
    );
  }
  return (
    <Section title="Password" lead="Changing it signs out every other browser.">
      <form onSubmit={form.onSubmit((v) => { change.mutate(v); })}>
        <Stack gap="sm" align="flex-start">
          <input type="hidden" autoComplete="username" value={me.email} readOnly />
          <PasswordInput label="Password until now" autoComplete="current-password" required maxLength={256} w={280} {...form.getInputProps("password")} />
          <PasswordInput label="New password" description="At least 10 characters" autoComplete="new-password" required minLength={10} maxLength={256} w={280} {...form.getInputProps("new_password")} />
          {change.problem && <Failure title="Your password stays" trouble={change.problem} />}
          <Button type="submit" variant="default" loading={change.isPending}>Change the password</Button>
        </Stack>
      </form>
    </Section>
  );
}
