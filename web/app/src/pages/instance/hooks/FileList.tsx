import { NavLink, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "../../../ui/Plain";
import { groupsOf, type Item } from "./project";
import type { Line } from "./problems";

interface Props {
  items: Item[];
  lines: Line[];
  path: string;
  choose: (path: string) => void;
}

/** The files, by what they are for, with what is unsaved and wrong in each. */
export function FileList({ items, lines, path, choose }: Props): ReactNode {
  return (
    <Stack gap="xs" component="nav" aria-label="Hook files">
      {groupsOf(items).map((g) => (
        <div key={g.title} role="group" aria-label={g.title}>
          <Text size="xs" fw={600} c="dimmed" px="xs" pb={2}>{g.title}</Text>
          {g.items.map((i) => {
            const wrong = lines.filter((l) => l.path === i.path && l.severity === "error").length;
            return (
              <NavLink key={i.path} component="button" type="button" py={4} active={i.path === path} aria-current={i.path === path ? "true" : undefined} onClick={() => { choose(i.path); }}
                label={<Text size="sm" ff="monospace" component="span"><Plain>{i.path.replace(/^hooks\//, "")}</Plain></Text>}
                description={[i.unsaved && "unsaved", wrong > 0 && `${wrong} ${wrong === 1 ? "mistake" : "mistakes"}`].filter(Boolean).join(", ") || undefined} />
            );
          })}
        </div>
      ))}
    </Stack>
  );
}
