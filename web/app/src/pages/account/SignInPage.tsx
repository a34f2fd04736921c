import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { signup } from "../../settings";
import { useAct } from "../../shell/act";
import { Link } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Card } from "./Card";

/** Signing in by password. */
export default function SignInPage(): ReactNode {
  const [{ next }] = useSearchState({ next: "/" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { email: "", password: "" } });
  const signIn = useAct((v: { email: string; password: string }) => body(client.POST("/api/v1/auth/login", { body: v })), {
    quiet: true,
    then: () => { queries.clear(); void navigate({ href: inside(next) }); },
  });
  return (
    <Card title="Sign in to Turnkey">
      <form onSubmit={form.onSubmit((v) => { signIn.mutate(v); })}>
        <Stack gap="sm">
          <TextInput label="E-mail address" type="email" autoComplete="username" required {...form.getInputProps("email")} />
          <PasswordInput label="Password" autoComplete="current-password" required {...form.getInputProps("password")} />
          {signIn.problem && <Failure title="Not signed in" trouble={signIn.problem} />}
          <Button type="submit" loading={signIn.isPending}>Sign in</Button>
        </Stack>
      </form>
      {signup !== "off" && <Text size="sm">New here? <Link href={to.signUp(next)} size="sm">Make an account</Link></Text>}
    </Card>
  );
}

/** Where to go afterwards: an address of ours, whatever the link said. */
export function inside(next: string): string {
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
