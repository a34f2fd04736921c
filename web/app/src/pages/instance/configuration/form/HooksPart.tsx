import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../../paths";
import { useHere } from "../../../../shell/instance";
import { Link } from "../../../../shell/Link";
import { ChoiceSetting, ListSetting, SecretSetting, TextSetting } from "./inputs";
import { Pairs } from "./Pairs";

/** The settings of hooks; their code is on its own page. */
export function HooksPart(): ReactNode {
  const { instance } = useHere();
  return (
    <Stack gap="md" maw={640}>
      <Text size="sm">The code is on the <Link href={to.hooks(instance.id)} size="sm">hooks page</Link>.</Text>
      <TextSetting path={["hooks", "timeout"]} label="Time for one call" description="Of CPU; from 10ms to 2s" placeholder="200ms" />
      <ChoiceSetting path={["hooks", "on_error"]} label="When a hook throws" data={[{ value: "", label: "Reject (the default)" }, { value: "reject", label: "Reject: the write is refused and kept" }, { value: "retry", label: "Retry: the device keeps the write and tries again" }]} />
      <ListSetting path={["hooks", "fetch"]} label="Hosts that ctx.fetch may reach" description="Names alone, such as api.example.com" placeholder="none" />
      <Pairs path={["hooks", "env"]} label="ctx.env" description="What hooks see by name, each from a secret" what="Name" empty="Hooks see no secret."
        fresh={(key) => ({ secret: key })} input={(path, label) => <SecretSetting path={path} label={`${label}: secret`} bare keep={2} />} />
    </Stack>
  );
}
