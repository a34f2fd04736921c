import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import type { Me } from "../../../shell/me";
import { Failure } from "../../../ui/Failure";
import { Email } from "./Email";
import { Section } from "./Section";

/** The name that others see, and the address. */
export function Profile({ me }: { me: Me }): ReactNode {
  const form = useForm({ initialValues: { name: me.name } });
  const rename = useAct((v: { name: string }) => body(client.PATCH("/api/v1/auth/me", { body: v })), { quiet: true, done: "Your name is changed.", refresh: [["get", "/api/v1/auth/me"]] });
  return (
    <Section title="Profile">
      <Email me={me} />
      <form onSubmit={form.onSubmit((v) => { rename.mutate(v); })}>
        <Stack gap="sm" align="flex-start">
          <Group align="flex-end" gap="sm">
            <TextInput label="Your name" autoComplete="name" required maxLength={100} w={280} {...form.getInputProps("name")} />
            <Button type="submit" variant="default" loading={rename.isPending} disabled={form.values.name.trim() === me.name}>Change it</Button>
          </Group>
          {rename.problem && <Failure title="Your name stays" trouble={rename.problem} />}
        </Stack>
      </form>
    </Section>
  );
}
