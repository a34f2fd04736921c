import { List, Progress, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { asProblem } from "../../../api/problem";
import { Link } from "../../../shell/Link";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Notice } from "./Notice";
import type { Results } from "./results";
import classes from "./inbox.module.css";

/** What a bulk action came to, or how far it is. */
export interface Told {
  working?: { done: number; of: number };
  results?: Results;
  error?: unknown;
}

interface Props {
  told: Told | undefined;
  /** Where one of them is shown. */
  href: (id: string) => string;
  close: () => void;
}

const most = 50;

/** Tells what came of each of many: those that failed with why, the others as a number. */
export function Report({ told, href, close }: Props): ReactNode {
  const { working, results, error } = told ?? {};
  return (
    <div role="status" aria-live="polite" className={classes.report}>
      {working && <><Text size="sm">{working.done} of {working.of} …</Text><Progress value={(100 * working.done) / Math.max(1, working.of)} aria-label="How far it is" /></>}
      {error !== undefined && <Failure trouble={asProblem(error)} />}
      {results && (
        <Notice good={results.failed.length + results.untried.length === 0} title={<Plain>{results.line}</Plain>} close={close}>
          {results.failed.length > 0 && (
            <List size="sm" spacing={2}>
              {results.failed.slice(0, most).map((o) => (
                <List.Item key={o.id}>
                  <Link href={href(o.id)} size="sm" underline="always">{o.id.slice(-8)}</Link>: <code><Plain>{o.error_code ?? o.status ?? ""}</Plain></code> <Plain>{o.message ?? ""}</Plain> <Plain>{o.hint ?? ""}</Plain>
                </List.Item>
              ))}
              {results.failed.length > most && <List.Item>and {results.failed.length - most} more</List.Item>}
            </List>
          )}
        </Notice>
      )}
    </div>
  );
}
