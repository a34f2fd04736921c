import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { useAct } from "../../shell/act";
import { Failure } from "../../ui/Failure";

interface Props {
  /** Joins the organization that invited, instead of making one. */
  invitation?: string;
  done: () => void;
}

/** The form that makes an account. */
export function SignUpForm({ invitation, done }: Props): ReactNode {
  const form = useForm({ initialValues: { email: "", name: "", password: "", organization: "" } });
  const signUp = useAct((v: typeof form.values) => body(client.POST("/api/v1/auth/signup", { body: invitation ? { email: v.email, name: v.name, password: v.password, invitation } : v })), { quiet: true, then: done });
  return (
    <form onSubmit={form.onSubmit((v) => { signUp.mutate(v); })}>
      <Stack gap="sm">
        <TextInput label="E-mail address" type="email" autoComplete="username" required maxLength={254} {...form.getInputProps("email")} />
        <TextInput label="Your name" autoComplete="name" maxLength={100} {...form.getInputProps("name")} />
        <PasswordInput label="Password" description="At least 10 characters" autoComplete="new-password" minLength={10} required {...form.getInputProps("password")} />
        {!invitation && <TextInput label="Organization" description="Where your projects live; it can be renamed" autoComplete="organization" maxLength={100} {...form.getInputProps("organization")} />}
        {signUp.problem && <Failure title="No account was made" trouble={signUp.problem} />}
        <Button type="submit" loading={signUp.isPending}>{invitation ? "Make the account and join" : "Make the account"}</Button>
      </Stack>
    </form>
  );
}
