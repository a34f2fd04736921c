import { Badge, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Plain } from "../../../ui/Plain";
import { Where, type Open } from "./Where";

const colors: Record<string, string> = { error: "red", warn: "yellow", debug: "gray" };

/** What code said by console and ctx.log, each line with where it was said. */
export function Logs({ lines, dropped, open }: { lines: components["schemas"]["HookLog"][]; dropped?: number; open: Open }): ReactNode {
  if (lines.length === 0 && !dropped) return null;
  return (
    <Stack gap={2} role="list" aria-label="Log">
      {lines.map((l, n) => (
        <Group key={n} gap="xs" align="baseline" wrap="nowrap" role="listitem">
          <Badge size="xs" variant="light" color={colors[l.level] ?? "blue"} miw={52}><Plain>{l.level}</Plain></Badge>
          <Text size="sm" ff="monospace" component="div"><Plain>{l.text}</Plain></Text>
          {l.file && <Where path={l.file} line={l.line} open={open} />}
        </Group>
      ))}
      {!!dropped && <Text size="xs" c="dimmed">{dropped} more lines were over the limit.</Text>}
    </Stack>
  );
}
