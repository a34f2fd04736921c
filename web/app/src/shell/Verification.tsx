import { Alert, Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { body, client } from "../api/client";
import { to } from "../paths";
import { development } from "../settings";
import { Plain } from "../ui/Plain";
import { useAct } from "./act";
import { LinkButton } from "./Link";
import { useMe } from "./me";

/** Says, until it is done, that the e-mail address has to be verified before anything can be changed. */
export function Verification(): ReactNode {
  const me = useMe();
  const resend = useAct(() => body(client.POST("/api/v1/auth/verify/resend", {})), { done: "Another mail is on its way." });
  if (!me?.must_verify) return null;
  return (
    <Alert color="yellow" variant="light" title="Verify your e-mail address" mb="md">
      <Text size="sm" mb="xs">Open the link in the mail to <strong><Plain>{me.email}</Plain></strong>. Until then you can change nothing but your account.</Text>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" loading={resend.isPending} onClick={() => { resend.mutate(undefined); }}>Send it again</Button>
        {development && <LinkButton size="compact-sm" variant="default" href={to.mailbox()}>Open the development mailbox</LinkButton>}
      </Group>
    </Alert>
  );
}
