import { Alert, Button, Card, CloseButton, Group, NativeSelect, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useHere } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import type { StepProps } from "./EnablePage";
import { missing, templates, type Chosen } from "./providers";
import { StepTitle } from "./StepTitle";

/** How users are identified: the app's own sign-ins, and development tokens where they may be. */
export function UsersStep({ answers, change, next }: StepProps): ReactNode {
  const { instance } = useHere();
  const [adding, setAdding] = useState(templates[0]?.id ?? "");
  const development = instance.kind === "development";
  const edit = (n: number, part: Partial<Chosen>): void => { change({ providers: answers.providers.map((p, i) => (i === n ? { ...p, ...part } : p)) }); };
  const lacking = answers.providers.flatMap(missing);
  const nobody = !answers.developmentTokens && answers.providers.length === 0;
  const why = lacking.length > 0 ? `Fill in: ${lacking.join(", ")}.` : nobody ? "Add a sign-in, or nobody gets a token." : true;
  return (
    <Stack gap="md">
      <StepTitle lead="Your app keeps its sign-in. Turnkey verifies its tokens and gives PowerSync tokens for them, at /token.">How users are identified</StepTitle>
      {development && (
        <Switch checked={answers.developmentTokens} onChange={(e) => { change({ developmentTokens: e.currentTarget.checked }); }} label="Development tokens"
          description="Anybody gets a token for any user id: enough for a try, possible on development instances only." />
      )}
      {answers.providers.map((p, n) => {
        const t = templates.find((x) => x.id === p.template);
        return t && (
          <Card key={n} withBorder padding="md" component="section" aria-label={t.label}>
            <Group justify="space-between" align="flex-start">
              <Title order={3} size="h4">{t.label}</Title>
              <CloseButton aria-label={`Remove ${t.label}`} onClick={() => { change({ providers: answers.providers.filter((_, i) => i !== n) }); }} />
            </Group>
            <Text size="sm" c="dimmed">{t.hint}</Text>
            <Group mt="xs" align="flex-start" grow preventGrowOverflow={false}>
              {t.blanks.map((b) => <TextInput key={b.name} label={b.label} placeholder={b.placeholder} miw={220} value={p.values[b.name] ?? ""} onChange={(e) => { edit(n, { values: { ...p.values, [b.name]: e.currentTarget.value } }); }} />)}
            </Group>
          </Card>
        );
      })}
      <Group align="flex-end">
        <NativeSelect label="Add a sign-in" w={280} data={templates.filter((t) => t.id === "jwks" || !answers.providers.some((p) => p.template === t.id)).map((t) => ({ value: t.id, label: t.label }))} value={adding} onChange={(e) => { setAdding(e.currentTarget.value); }} />
        <Button variant="default" onClick={() => {
          const free = templates.filter((t) => t.id === "jwks" || !answers.providers.some((p) => p.template === t.id));
          const id = free.some((t) => t.id === adding) ? adding : free[0]?.id;
          if (id) change({ providers: [...answers.providers, { template: id, values: {} }] });
        }}>Add</Button>
      </Group>
      {answers.providers.length > 1 && <Alert color="blue" variant="light">With several sign-ins, each one's users get its name as a prefix of their ids, so that two people never become one.</Alert>}
      <Group><Action may={why} onClick={next}>Go on</Action></Group>
    </Stack>
  );
}
