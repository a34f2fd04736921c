import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { QRCodeSVG } from "qrcode.react";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import type { Me } from "../../../shell/me";
import { Failure } from "../../../ui/Failure";
import { Value } from "../../../ui/Code";
import { password } from "./asked";
import { Proof } from "./Proof";

interface Props {
  me: Me;
  enabled: (recoveryCodes: string[]) => void;
  cancel: () => void;
}

interface Begun {
  secret: string;
  uri: string;
}

/** Adding an authenticator app: prove that it is you, scan, confirm by a code. The picture is drawn here; the secret goes nowhere. */
export function Enrol({ me, enabled, cancel }: Props): ReactNode {
  const [begun, setBegun] = useState<Begun>();
  const begin = useAct((proof: { password?: string }) => body(client.POST("/api/v1/auth/totp", { body: proof })), { quiet: true, then: setBegun });
  if (begun) return <Scan begun={begun} enabled={enabled} cancel={cancel} />;
  if (me.has_password) {
    return <Proof asks={password} action="Go on" waiting={begin.isPending} problem={begin.problem} onProof={(p) => { begin.mutate(p); }} cancel={cancel} />;
  }
  return (
    <Stack gap="sm" align="flex-start">
      {begin.problem && <Failure trouble={begin.problem} />}
      <Group gap="xs">
        <Button loading={begin.isPending} onClick={() => { begin.mutate({}); }}>Show the code to scan</Button>
        <Button variant="default" onClick={cancel}>Cancel</Button>
      </Group>
    </Stack>
  );
}

function Scan({ begun, enabled, cancel }: { begun: Begun; enabled: Props["enabled"]; cancel: () => void }): ReactNode {
  const form = useForm({ initialValues: { code: "" } });
  const confirm = useAct((v: { code: string }) => body(client.POST("/api/v1/auth/totp/confirm", { body: { code: v.code.trim() } })), {
    quiet: true,
    refresh: [["get", "/api/v1/auth/totp"]],
    then: (r) => { enabled(r.recovery_codes); },
  });
  return (
    <Stack gap="md" align="flex-start">
      <Text size="sm">Scan this with your authenticator app, or type the key below it.</Text>
      <QRCodeSVG value={begun.uri} size={196} marginSize={3} bgColor="#ffffff" fgColor="#000000" role="img" title="QR code for your authenticator app" />
      <Value value={begun.secret} label="key for your authenticator app" />
      <form onSubmit={form.onSubmit((v) => { confirm.mutate(v); })}>
        <Stack gap="sm" align="flex-start">
          <TextInput label="The code that the app shows now" autoComplete="one-time-code" inputMode="numeric" required maxLength={10} w={280} {...form.getInputProps("code")} />
          {confirm.problem && <Failure title="Not confirmed" trouble={confirm.problem} />}
          <Group gap="xs">
            <Button type="submit" loading={confirm.isPending}>Confirm</Button>
            <Button variant="default" onClick={cancel}>Cancel</Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  );
}
