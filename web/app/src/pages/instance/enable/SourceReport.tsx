import { Alert, Group, List, Stack, Text, ThemeIcon } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Code } from "../../../ui/Code";
import { IconCheck, IconWarn } from "../../../ui/icons";
import { Plain } from "../../../ui/Plain";

const names: Record<string, string> = {
  dial: "Reaching the server", tls: "Encryption", credentials: "Log-in", replica_set: "Replica set", version: "Version", transactions: "Transactions",
  privileges: "Privileges", prepared: "Turnkey's own tables", database: "Database", row_level_security: "Row-level security", pooler: "Connection pooler",
};

/** What a test of the source found, each failure with its exact fix. */
export function SourceReport({ report }: { report: components["schemas"]["TestReport"] }): ReactNode {
  return (
    <Alert color={report.ok ? "teal" : "red"} variant="light" title={report.ok ? "The database can be used" : "One thing stands in the way"} role="status">
      <Stack gap="xs">
        <List spacing={4} size="sm" listStyleType="none" withPadding={false}>
          {(report.checks ?? []).map((c) => (
            <List.Item key={c.name} icon={<ThemeIcon size={20} radius="xl" variant="light" color={c.ok ? "teal" : "red"}>{c.ok ? <IconCheck /> : <IconWarn />}</ThemeIcon>}>
              <Text span fw={600} size="sm">{names[c.name] ?? c.name}{c.ok ? "" : " failed"}:</Text> <Plain>{c.message}</Plain>
              {c.fix && <Text size="sm" fw={600}><Plain>{c.fix}</Plain></Text>}
              {c.statements && c.statements.length > 0 && <Code label={`Statements for ${names[c.name] ?? c.name}`} code={c.statements.join("\n")} />}
            </List.Item>
          ))}
        </List>
        {report.mode.note && <Text size="sm"><Plain>{report.mode.note}</Plain></Text>}
        {report.ok && <Group gap="xs"><Text size="xs" c="dimmed"><Plain>{report.server}</Plain>, {(report.latency / 1000).toFixed(1)} ms away from the runtime</Text></Group>}
      </Stack>
    </Alert>
  );
}
