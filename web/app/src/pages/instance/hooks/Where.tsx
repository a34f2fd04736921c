import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import { Plain } from "../../../ui/Plain";

/** Opens a file at a place. */
export type Open = (path: string, line?: number, column?: number) => void;

/** A place in a file, to go to. */
export function Where({ path, line, column, open }: { path: string; line?: number; column?: number; open: Open }): ReactNode {
  return (
    <Anchor component="button" type="button" size="sm" onClick={() => { open(path, line, column); }}>
      <Plain>{path + (line ? `:${line}` : "") + (line && column ? `:${column}` : "")}</Plain>
    </Anchor>
  );
}
