import { Badge, Group, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { Plain } from "../../../ui/Plain";
import type { Checked, Line } from "./problems";
import { Where, type Open } from "./Where";

interface Props {
  instance: string;
  checked: Checked;
  lines: Line[];
  check: () => void;
  checking: boolean;
  may: true | string;
  open: Open;
}

/** Everything that is wrong, by TypeScript in this browser and by the compiler of the server. */
export function ProblemsPanel({ instance, checked, lines, check, checking, may, open }: Props): ReactNode {
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" role="status">{sentence(checked, lines.length)}</Text>
        <Action may={may} variant="default" size="compact-sm" loading={checking} onClick={check}>Compile on the server</Action>
      </Group>
      {lines.length > 0 && (
        <List listStyleType="none" spacing={6} aria-label="Problems">
          {lines.map((l, n) => (
            <List.Item key={n}>
              <Group gap="xs" align="baseline" wrap="nowrap">
                <Badge size="sm" variant="light" color={l.severity === "error" ? "red" : "yellow"} miw={72}>{l.severity}</Badge>
                <div>
                  {/^(hooks|lib)\//.test(l.path) ? <Where path={l.path} line={l.line} column={l.column} open={open} /> : <Link size="sm" href={to.configuration(instance, l.path)}><Plain>{l.path}</Plain></Link>}
                  <Text size="sm" component="div"><Plain>{l.message}</Plain>{l.hint && <> <Plain>{l.hint}</Plain></>} <Text span size="xs" c="dimmed">{l.source}</Text></Text>
                </div>
              </Group>
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

function sentence(checked: Checked, count: number): string {
  if (checked.state === "failed") return "TypeScript could not be started in this browser: types are not checked. The server still compiles what you save.";
  if (checked.state === "starting") return "TypeScript is starting …";
  return count === 0 ? "No problems." : count === 1 ? "1 problem." : `${count} problems.`;
}
