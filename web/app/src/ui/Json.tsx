import type { ReactNode } from "react";
import { Code } from "./Code";

/** A JSON value, indented, to read and copy. */
export function Json({ value, label }: { value: unknown; label: string }): ReactNode {
  return <Code code={JSON.stringify(value, null, 2) ?? ""} label={label} />;
}
