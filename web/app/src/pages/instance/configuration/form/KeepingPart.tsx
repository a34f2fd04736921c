import { SimpleGrid, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../../paths";
import { useHere } from "../../../../shell/instance";
import { Link } from "../../../../shell/Link";
import { ChoiceSetting, SwitchSetting, TextSetting } from "./inputs";

/** How long things are kept, and what a refused write means for what follows. */
export function KeepingPart(): ReactNode {
  const { instance } = useHere();
  return (
    <Stack gap="md" maw={760}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextSetting path={["receipts", "ttl"]} label="Receipts" description="How long a repeated upload is recognised" placeholder="90d" />
        <TextSetting path={["rejections", "ttl"]} label="Rejections" description="How long refused writes are kept" placeholder="90d" />
        <TextSetting path={["conflicts", "ttl"]} label="Conflicts" description="How long recorded conflicts are kept" placeholder="90d" />
        <TextSetting path={["tombstones", "ttl"]} label="Tombstones" description="How long a deleted row may not come back" placeholder="400d" />
      </SimpleGrid>
      <Text size="sm" c="dimmed">A number and a unit: 30d, 24h. From one day to ten years.</Text>
      <ChoiceSetting path={["on_failure"]} label="After a refused transaction" description="What happens to the transactions behind it in the same upload" data={[{ value: "", label: "Stop (the default)" }, { value: "stop", label: "Stop: they come again with the next upload" }, { value: "skip", label: "Skip: they are applied at once" }]} />
      <SwitchSetting path={["rejections", "hold_dependents"]} fallback label="Hold writes that depend on a rejected create" description="They join its rejection and are replayed with it, instead of doing nothing." />
      <SwitchSetting path={["conflicts", "show_server"]} label="Show the server's values of a conflict to its user" description="Only where the user may update the row." />
      <Text size="sm">Browsers' origins, limits and the log's retention are in the <Link href={to.instanceSettings(instance.id)} size="sm">instance settings</Link>.</Text>
    </Stack>
  );
}
