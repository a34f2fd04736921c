import { Alert, Button, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Link } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Plain } from "../../ui/Plain";
import { Card } from "./Card";
import { inside } from "./inside";
import { PasskeyButton } from "./PasskeyButton";
import { refusal } from "./refusals";

const CodeStep = lazy(() => import("./CodeStep").then((m) => ({ default: m.CodeStep })));

/** Signing in: by password, with a second step where the account has one, or with an identity provider. */
export default function SignInPage(): ReactNode {
  const [{ next, error }] = useSearchState({ next: "/", error: "" });
  const [challenge, setChallenge] = useState<string>();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const enter = (): void => { queries.clear(); void navigate({ href: inside(next) }); };
  if (challenge) return <Suspense><CodeStep challenge={challenge} done={enter} back={() => { setChallenge(undefined); }} /></Suspense>;
  return (
    <Card title="Sign in to Turnkey">
      {error && <Alert color="red" variant="light" title="Not signed in" role="alert">{refusal(error)}</Alert>}
      <Providers next={inside(next)} />
      <Password done={enter} challenged={setChallenge} next={next} />
      <PasskeyButton done={enter} />
    </Card>
  );
}

function Password({ done, challenged, next }: { done: () => void; challenged: (challenge: string) => void; next: string }): ReactNode {
  const options = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 }).data;
  const signIn = useAct((v: { email: string; password: string }) => body(client.POST("/api/v1/auth/login", { body: v })), {
    quiet: true,
    then: done,
    failed: (p) => { if (p.code === "mfa_required" && p.challenge) challenged(p.challenge); },
  });
  return (
    <>
      <form onSubmit={(e) => { e.preventDefault(); signIn.mutate({ email: field(e.currentTarget, "email"), password: field(e.currentTarget, "password") }); }}>
        <Stack gap="sm">
          <TextInput label="E-mail address" type="email" autoComplete="username" required name="email" />
          <PasswordInput label="Password" autoComplete="current-password" required name="password" />
          {signIn.problem && signIn.problem.code !== "mfa_required" && <Failure title="Not signed in" trouble={signIn.problem} />}
          <Button type="submit" loading={signIn.isPending}>Sign in</Button>
        </Stack>
      </form>
      {options?.mail && <Text size="sm"><Link href={to.forgot()} size="sm">Forgot the password?</Link></Text>}
      {options && options.signup !== "off" && <Text size="sm">New here? <Link href={to.signUp(next)} size="sm">Make an account</Link></Text>}
    </>
  );
}

// Read from the form itself: password managers fill it in without telling anybody.
function field(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
}

/** A button for each identity provider; the answer comes by way of its site. */
function Providers({ next }: { next: string }): ReactNode {
  const list = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 }).data?.providers ?? [];
  if (list.length === 0) return null;
  const onward = new URLSearchParams({ next, ...invited(next) }).toString();
  return (
    <Stack gap="xs">
      {list.map((p) => (
        <Button key={p.name} variant="default" component="a" href={`/api/v1/auth/oidc/${encodeURIComponent(p.name)}/start?${onward}`}>
          Sign in with&nbsp;<Plain>{p.title}</Plain>
        </Button>
      ))}
      <Divider label="or by password" labelPosition="center" />
    </Stack>
  );
}

/** The invitation that somebody comes from: with it a stranger may sign up even where that is not open. */
function invited(next: string): { invitation?: string } {
  const [path, query] = next.split("?");
  const token = new URLSearchParams(query).get("token");
  return path === to.invitation("").split("?")[0] && token ? { invitation: token } : {};
}
