import type { ReactNode } from "react";
import classes from "./Narrow.module.css";

/** The fields that narrow a list, in as many columns as there is room for. */
export function Narrow({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return <div role="search" className={classes.filters} aria-label={label}>{children}</div>;
}
