import { Badge, Button, Group, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { useAct } from "../../../shell/act";
import type { Me } from "../../../shell/me";
import { Failure } from "../../../ui/Failure";
import { Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { useAsked, type Asked } from "./asked";
import { Enrol } from "./Enrol";
import { Proof } from "./Proof";
import { RecoveryCodes } from "./RecoveryCodes";
import { Section } from "./Section";

const status = ["get", "/api/v1/auth/totp"];

/** The authenticator app: adding it, its recovery codes, removing it. */
export function TwoSteps({ me }: { me: Me }): ReactNode {
  const totp = api.useQuery("get", "/api/v1/auth/totp");
  const [at, setAt] = useState<"" | "enrol" | "renew" | "remove">("");
  const [codes, setCodes] = useState<string[]>();
  const close = (): void => { setAt(""); setCodes(undefined); };
  const asks = useAsked(me);
  const renew = useAct((proof: ReturnType<Asked["body"]>) => body(client.POST("/api/v1/auth/totp/recovery-codes", { body: proof })), { quiet: true, refresh: [status], then: (r) => { setCodes(r.recovery_codes); } });
  const remove = useAct((proof: ReturnType<Asked["body"]>) => body(client.POST("/api/v1/auth/totp/remove", { body: proof })), { quiet: true, done: "Your authenticator app is removed.", refresh: [status], then: close });

  const content = (): ReactNode => {
    if (totp.error) return <Failure trouble={asProblem(totp.error)} retry={() => { void totp.refetch(); }} />;
    if (!totp.data) return <Waiting lines={2} />;
    if (codes) return <RecoveryCodes codes={codes} done={close} />;
    if (at === "enrol") return <Enrol me={me} enabled={setCodes} cancel={close} />;
    if (at === "renew") return <Proof asks={asks} action="Make new codes" waiting={renew.isPending} problem={renew.problem} onProof={(t) => { renew.mutate(t); }} cancel={close} />;
    if (at === "remove") return <Proof asks={asks} action="Remove the app" danger waiting={remove.isPending} problem={remove.problem} onProof={(t) => { remove.mutate(t); }} cancel={close} />;
    if (!totp.data.enabled) return <Button onClick={() => { setAt("enrol"); }}>Add an authenticator app</Button>;
    return (
      <>
        <Text size="sm" component="div"><Badge variant="default" mr="xs">on</Badge>since <Time at={totp.data.confirmed_at ?? undefined} />. {left(totp.data.recovery_codes)}</Text>
        <Group gap="xs">
          <Button variant="default" onClick={() => { renew.reset(); setAt("renew"); }}>New recovery codes</Button>
          <Button variant="default" color="red" onClick={() => { remove.reset(); setAt("remove"); }}>Remove the app</Button>
        </Group>
      </>
    );
  };
  return (
    <Section title="Sign-in in two steps" lead="With an authenticator app on your phone, your password alone opens nothing: signing in also asks for the code that the app shows.">
      {content()}
    </Section>
  );
}

/** How many recovery codes are left, in words. */
export function left(codes: number): string {
  if (codes === 0) return "No recovery code is left: make new ones, or a lost phone locks you out.";
  return `${codes} recovery ${codes === 1 ? "code is" : "codes are"} left.`;
}
