import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./inbox.module.css";

/** What is known about something, by name. Empty facts are left out. */
export function Facts({ facts, label }: { facts: [string, ReactNode][]; label: string }): ReactNode {
  return (
    <dl className={classes.facts} aria-label={label}>
      {facts.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false).map(([name, value]) => (
        <div key={name} className={classes.fact}>
          <Text component="dt" size="xs" c="dimmed">{name}</Text>
          <Text component="dd" size="sm" m={0}>{value}</Text>
        </div>
      ))}
    </dl>
  );
}

/** A part of a page under its heading. */
export function Part({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }): ReactNode {
  return (
    <section className={classes.part}>
      <div className={classes.partHead}>
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
