import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Link } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Card } from "./Card";
import { inside } from "./SignInPage";

/** Making an account, with its first organization. */
export default function SignUpPage(): ReactNode {
  const [{ next }] = useSearchState({ next: "/" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { email: "", name: "", password: "", organization: "" } });
  const signUp = useAct((v: { email: string; name: string; password: string; organization: string }) => body(client.POST("/api/v1/auth/signup", { body: v })), {
    quiet: true,
    then: () => { queries.clear(); void navigate({ href: inside(next) }); },
  });
  return (
    <Card title="Make a Turnkey account">
      <form onSubmit={form.onSubmit((v) => { signUp.mutate(v); })}>
        <Stack gap="sm">
          <TextInput label="E-mail address" type="email" autoComplete="username" required {...form.getInputProps("email")} />
          <TextInput label="Your name" autoComplete="name" maxLength={100} {...form.getInputProps("name")} />
          <PasswordInput label="Password" description="At least 10 characters" autoComplete="new-password" minLength={10} required {...form.getInputProps("password")} />
          <TextInput label="Organization" description="Where your projects live; it can be renamed" autoComplete="organization" maxLength={100} {...form.getInputProps("organization")} />
          {signUp.problem && <Failure title="No account was made" trouble={signUp.problem} />}
          <Button type="submit" loading={signUp.isPending}>Make the account</Button>
        </Stack>
      </form>
      <Text size="sm">You have one? <Link href={to.signIn(next)} size="sm">Sign in</Link></Text>
    </Card>
  );
}
