import { Alert, Badge, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { useSearchState } from "../../../shell/search";
import { Code } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";

type SDK = components["schemas"]["SDK"];

const said: Record<SDK["checked"], { label: string; color: string; text: string }> = {
  wire: { label: "Run by our tests", color: "teal", text: "Our tests run these files with the SDK against an instance." },
  requests: { label: "Requests checked by our tests", color: "blue", text: "Our tests compile and run these files against a double of the SDK, and compare every request." },
  "not run": { label: "Not run by our tests", color: "yellow", text: "Written from the SDK's published interface. Our tests do not compile or run these files: tell us what does not fit." },
};

/** Schema and connector for each SDK, one tab each; the tab is in the address. */
export function Sdks({ sdks }: { sdks: SDK[] }): ReactNode {
  const [{ sdk }, go] = useSearchState({ sdk: sdks[0]?.id ?? "" });
  const shown = sdks.some((s) => s.id === sdk) ? sdk : (sdks[0]?.id ?? "");
  return (
    <Stack component="section" gap="xs" aria-labelledby="code">
      <Title order={2} size="h3" id="code">Your app</Title>
      <Tabs value={shown} onChange={(v) => { go({ sdk: v ?? "" }); }} keepMounted={false}>
        <Tabs.List aria-label="SDK">{sdks.map((s) => <Tabs.Tab key={s.id} value={s.id}>{s.name}</Tabs.Tab>)}</Tabs.List>
        {sdks.map((s) => (
          <Tabs.Panel key={s.id} value={s.id} pt="md">
            <Stack gap="md">
              <Group gap="xs"><Badge color={said[s.checked].color} variant="light">{said[s.checked].label}</Badge><Text size="sm" c="dimmed">{said[s.checked].text}{s.checked_with && <> With <Plain>{s.checked_with}</Plain>.</>}</Text></Group>
              {s.note && <Alert color="blue" variant="light" p="xs"><Plain>{s.note}</Plain></Alert>}
              <div><Text fw={600} size="sm">Packages</Text><Code label={`packages for ${s.name}`} code={s.install} /></div>
              {s.files.map((f) => (
                <div key={f.name}><Text fw={600} size="sm"><Plain>{f.name}</Plain></Text><Code label={f.name} code={f.text} /></div>
              ))}
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}
