import { Alert, Badge, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { Time } from "../../../ui/Time";
import classes from "./Concerns.module.css";
import { whereOf } from "./where";

type Concern = components["schemas"]["Concern"];

const looks: Record<string, { color: string; word: string }> = {
  critical: { color: "red", word: "Critical" },
  warning: { color: "yellow", word: "Warning" },
  notice: { color: "gray", word: "To know" },
};

/** What needs attention, the worst first, each with where to look. */
export function Concerns({ list, instance }: { list: Concern[]; instance: string }): ReactNode {
  if (list.length === 0) return <Alert color="teal" variant="light" title="Nothing needs attention">Writes arrive, and nothing is being refused.</Alert>;
  return (
    <ul className={classes.list}>
      {list.map((c, n) => <OneConcern key={c.code + n} concern={c} instance={instance} />)}
    </ul>
  );
}

function OneConcern({ concern: c, instance }: { concern: Concern; instance: string }): ReactNode {
  const { color, word } = looks[c.severity] ?? { color: "gray", word: c.severity };
  const where = whereOf(c, instance);
  return (
    <li>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <Badge variant="dot" color={color} tt="none" miw={96}>{word}</Badge>
        <div>
          <Text size="sm" fw={600}><Plain>{c.title}</Plain></Text>
          <Text size="sm" c="dimmed">
            {c.hint && <><Plain>{c.hint}</Plain>{" "}</>}
            <Link href={where.href} size="sm" underline="always">{where.label}</Link>
            {c.since && <> · since <Time at={c.since} /></>}
          </Text>
        </div>
      </Group>
    </li>
  );
}
