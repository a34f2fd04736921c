import { Text } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import classes from "./Diff.module.css";
import { difference } from "./lines";

const signs = { same: " ", added: "+", removed: "−", gap: "⋯" };
const words = { same: "", added: "added: ", removed: "removed: ", gap: "" };

/** The difference of two texts, line by line; not by colour alone. */
export function Diff({ label, before, after }: { label: string; before: string; after: string }): ReactNode {
  const lines = useMemo(() => difference(before, after), [before, after]);
  return (
    <div>
      <Text fw={600} size="sm"><Plain>{label}</Plain></Text>
      {lines.length === 0 ? <Text size="sm" c="dimmed">No difference.</Text> : (
        <div className={classes.frame} role="region" tabIndex={0} aria-label={`Difference in ${plain(label)}`}>
          {lines.map((l, n) => (
            <div key={n} className={`${classes.line} ${classes[l.kind]}`}>
              <span aria-hidden className={classes.sign}>{signs[l.kind]}</span>
              {words[l.kind] && <span className={classes.said}>{words[l.kind]}</span>}
              <Plain>{l.text}</Plain>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
