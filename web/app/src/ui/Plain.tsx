import type { ReactNode } from "react";
import { pieces } from "./plain";
import classes from "./Plain.module.css";

/** Foreign text, isolated from the direction of what is around it, with hidden characters made visible. */
export function Plain({ children }: { children: string | number | boolean | null | undefined }): ReactNode {
  const parts = pieces(String(children ?? ""));
  return (
    <bdi className={classes.plain}>
      {parts.map((p, n) => (p.hidden ? <span key={n} className={classes.hidden} title="A character that would not be seen">{p.text}</span> : p.text))}
    </bdi>
  );
}
