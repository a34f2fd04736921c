import { Alert, Button, Card, Group, NativeSelect, Stack, Text, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import { placeOf, type Table } from "./answers";
import type { StepProps } from "./EnablePage";
import { allowOf, choices, guessOwner, type Choice, type Rule } from "./rules";
import { StepTitle } from "./StepTitle";

/** Who may write each table. */
export function RulesStep({ answers, change, next }: StepProps): ReactNode {
  const tables = answers.tables ?? [];
  const edit = (name: string, rule: Rule): void => { change({ tables: tables.map((t) => (t.proposed.name === name ? { ...t, rule } : t)) }); };
  return (
    <Stack gap="md">
      <StepTitle lead="Every write is held against these rules, in the transaction that applies it. What is not allowed is refused, leaves the device's queue and is kept for you.">Who may write</StepTitle>
      {tables.filter((t) => t.included).map((t) => <OneRule key={t.proposed.name} table={t} edit={(rule) => { edit(t.proposed.name, rule); }} />)}
      <Group><Button onClick={next}>Go on</Button></Group>
    </Stack>
  );
}

function OneRule({ table, edit }: { table: Table; edit: (rule: Rule) => void }): ReactNode {
  const { rule, proposed } = table;
  const columns = Object.keys(proposed.table.fields).filter((c) => !table.left.includes(c));
  const allow = allowOf(rule, (c) => placeOf(table, c));
  const name = plain(proposed.name);
  const choose = (choice: Choice): void => {
    if (choice === "custom") edit({ choice, custom: allow });
    else if (choice === "owner") edit({ choice, column: rule.column ?? guessOwner(columns) ?? columns[0] });
    else edit({ ...rule, choice, role: rule.role ?? "admin" });
  };
  return (
    <Card withBorder padding="md" component="section" aria-label={`Rules of ${name}`}>
      <Stack gap="sm">
        <Title order={3} size="h4"><Plain>{proposed.name}</Plain></Title>
        <Group align="flex-end" gap="md">
          <NativeSelect label="Who may write" w={280} data={choices} value={rule.choice} onChange={(e) => { choose(e.currentTarget.value as Choice); }} />
          {rule.choice === "owner" && <NativeSelect label="Column with the user's id" w={220} data={columns.map((c) => ({ value: c, label: plain(c) }))} value={rule.column ?? ""} onChange={(e) => { edit({ ...rule, column: e.currentTarget.value }); }} />}
          {rule.choice === "role" && <TextInput label="Role (the claim role)" w={220} value={rule.role ?? ""} onChange={(e) => { edit({ ...rule, role: e.currentTarget.value }); }} />}
        </Group>
        {rule.choice === "everyone" && <Alert color="orange" variant="light" title="Anyone may write every row">Whoever can sign in may change and delete what belongs to others. Fine for a try; the go-live page stays red until it is changed.</Alert>}
        {rule.choice === "custom" ? (
          <Stack gap="xs">
            {(["create", "update", "delete"] as const).map((verb) => (
              <TextInput key={verb} label={verb[0]?.toUpperCase() + verb.slice(1)} placeholder="new.owner_id == user.id" value={rule.custom?.[verb] ?? ""} spellCheck={false}
                onChange={(e) => { edit({ ...rule, custom: { ...rule.custom, [verb]: e.currentTarget.value || undefined } }); }} />
            ))}
            <Text size="xs" c="dimmed">CEL over user, old, new and changed. Empty: nobody.</Text>
          </Stack>
        ) : (
          <Text size="sm" c="dimmed" component="div">{allow.create ? <>create, update and delete where <code><Plain>{allow.delete ?? allow.create}</Plain></code></> : "No writes: devices only read it."}</Text>
        )}
      </Stack>
    </Card>
  );
}
