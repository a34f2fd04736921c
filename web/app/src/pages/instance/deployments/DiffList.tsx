import { Accordion, Badge, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { LazyDiff } from "../../../editor/lazy";
import { nonce } from "../../../settings";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import type { Difference } from "./diff";

const colors = { added: "teal", changed: "blue", removed: "red" } as const;

/** Files that differ, each to be unfolded into what changed in it. */
export function DiffList({ list, same, label }: { list: Difference[]; same: string; label: string }): ReactNode {
  if (list.length === 0) return <Text size="sm" c="dimmed">{same}</Text>;
  const open = list.length <= 3 ? list.map((d) => d.path) : [];
  return (
    <Accordion key={open.join()} multiple defaultValue={open} variant="contained" order={3} aria-label={label}>
      {list.map((d) => (
        <Accordion.Item key={d.path} value={d.path}>
          <Accordion.Control>
            <Group gap="xs"><Text size="sm" ff="monospace"><Plain>{d.path}</Plain></Text><Badge size="sm" variant="light" color={colors[d.change]}>{d.change}</Badge></Group>
          </Accordion.Control>
          <Accordion.Panel><LazyDiff path={d.path} before={d.before} after={d.after} nonce={nonce} label={plain(`What changed in ${d.path}`)} /></Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
