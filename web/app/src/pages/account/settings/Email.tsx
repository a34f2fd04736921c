import { Alert, Group, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { LinkButton } from "../../../shell/Link";
import type { Me } from "../../../shell/me";
import { development } from "../../../settings";
import { Action } from "../../../ui/Action";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import { useAsked, type Asked } from "./asked";
import { Proof } from "./Proof";

/** The account's address, and the way to another one: a link that is mailed there. */
export function Email({ me }: { me: Me }): ReactNode {
  const mail = api.useQuery("get", "/api/v1/auth/providers", {}, { staleTime: 60_000 }).data?.mail;
  const asks = useAsked(me);
  const [changing, setChanging] = useState(false);
  const [email, setEmail] = useState("");
  const ask = useAct((proof: ReturnType<Asked["body"]>) => body(client.POST("/api/v1/auth/email", { body: { email: email.trim(), ...proof } })), { quiet: true, then: () => { setChanging(false); } });
  return (
    <>
      <Group gap="sm">
        <Text size="sm">
          <Plain>{me.email}</Plain>, {me.email_verified ? "verified" : "not verified"}. The account was made <Time at={me.created_at} />.
        </Text>
        {!changing && <Action size="compact-sm" variant="default" may={mail === false ? "This installation sends no mail, so no other address can be verified." : true} onClick={() => { ask.reset(); setChanging(true); }}>Change the address</Action>}
      </Group>
      {changing && (
        <Proof focused asks={asks} action="Send the link" waiting={ask.isPending} problem={ask.problem} cancel={() => { setChanging(false); }} onProof={(proof) => { ask.mutate(proof); }}>
          <TextInput label="New e-mail address" description="A link is mailed there; your address stays until it is opened" type="email" autoComplete="email" required maxLength={254} w={360} maw="100%" autoFocus value={email} onChange={(e) => { setEmail(e.currentTarget.value); }} />
        </Proof>
      )}
      {ask.isSuccess && !changing && (
        <Alert color="blue" variant="light" role="status" title="Look for a mail at the new address">
          <Text size="sm">A link is on its way to <Plain>{email}</Plain>. It works for 24 hours; until it is opened, your address stays <Plain>{me.email}</Plain>, which is told about it.</Text>
          {development && <Group mt="xs"><LinkButton size="compact-sm" variant="default" href={to.mailbox()}>Open the development mailbox</LinkButton></Group>}
        </Alert>
      )}
      {changing && asks === undefined && <Text size="sm" c="dimmed">Your account has neither password nor authenticator app, so nothing more is asked.</Text>}
    </>
  );
}
