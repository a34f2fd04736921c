import { SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Time } from "../../../ui/Time";

type Sighting = components["schemas"]["Sighting"];

const steps: [string, string][] = [
  ["jwks", "Keys fetched by a sync service"], ["token", "Token issued"], ["upload", "Upload arrived"], ["write", "Write applied"], ["previous_values", "Previous values came with it"],
];

/** The milestones of a new instance: when each was first and last seen. */
export function Seen({ list }: { list: Sighting[] }): ReactNode {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 5 }} spacing="sm">
      {steps.map(([what, label]) => {
        const s = list.find((x) => x.what === what);
        return (
          <div key={what}>
            <Text size="xs" c="dimmed">{label}</Text>
            <Text size="sm" fw={600}>{s ? <Time at={s.last_at} /> : "not yet"}</Text>
            {s && <Text size="xs" c="dimmed">first {new Date(s.first_at).toLocaleString()}</Text>}
          </div>
        );
      })}
    </SimpleGrid>
  );
}
