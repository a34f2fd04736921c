import { Badge } from "@mantine/core";
import type { ReactNode } from "react";

const colors: Record<string, string> = {
  open: "orange", held: "yellow", dead: "red", pending: "blue", decided: "blue",
  resolved: "teal", replayed: "teal", delivered: "teal", applied: "teal", refused: "red", held_back: "orange",
};

/** The state of a row, in words. */
export function Status({ status }: { status: string }): ReactNode {
  return <Badge variant="dot" color={colors[status] ?? "gray"} tt="none" fw={600} miw="max-content">{status.replace("_", " ")}</Badge>;
}
