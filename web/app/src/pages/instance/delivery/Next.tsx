import { Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { components } from "../../../api/schema";
import { Time } from "../../../ui/Time";

/** When a delivery is tried next, or that it is not. */
export function Next({ delivery }: { delivery: components["schemas"]["Delivery"] }): ReactNode {
  const [now] = useState(() => Date.now());
  if (delivery.status !== "pending") return <Text component="span" size="sm" c="dimmed">–</Text>;
  if (delivery.under_way) return "under way";
  if (delivery.due_at && new Date(delivery.due_at).getTime() <= now) return "now";
  return <Time at={delivery.due_at} />;
}
