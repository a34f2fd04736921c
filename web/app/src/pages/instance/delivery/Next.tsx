import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Time } from "../../../ui/Time";

/** When a delivery is tried next, or that it is not. */
export function Next({ delivery }: { delivery: components["schemas"]["Delivery"] }): ReactNode {
  if (delivery.status !== "pending") return <Text component="span" size="sm" c="dimmed">-</Text>;
  if (delivery.under_way) return "under way";
  return <Time at={delivery.due_at} />;
}
