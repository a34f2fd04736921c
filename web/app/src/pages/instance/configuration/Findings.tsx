import { Alert, Anchor, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { inFile, type Finding } from "./document";

interface Props {
  instance: string;
  errors: Finding[];
  warnings: Finding[];
  /** Shows a place of the document. */
  go: (path: string) => void;
  errorsTitle?: string;
}

/** What the document's author should read, each with the way to its place. */
export function Findings({ instance, errors, warnings, go, errorsTitle = "This cannot be saved or deployed" }: Props): ReactNode {
  return (
    <>
      {errors.length > 0 && <Alert color="red" variant="light" title={`${errorsTitle}: ${count(errors.length, "mistake")}`}><Lines instance={instance} list={errors} go={go} /></Alert>}
      {warnings.length > 0 && <Alert color="yellow" variant="light" title={`To be known: ${count(warnings.length, "warning")}`}><Lines instance={instance} list={warnings} go={go} /></Alert>}
    </>
  );
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function Lines({ instance, list, go }: { instance: string; list: Finding[]; go: (path: string) => void }): ReactNode {
  return (
    <List size="sm" spacing={4}>
      {list.slice(0, 50).map((f, n) => (
        <List.Item key={n}>
          <Stack gap={0}>
            <Text size="sm" component="span"><Where instance={instance} finding={f} go={go} /> <Plain>{f.message}</Plain></Text>
            {f.hint && <Text size="sm" c="dimmed" component="span"><Plain>{f.hint}</Plain></Text>}
          </Stack>
        </List.Item>
      ))}
      {list.length > 50 && <List.Item>and {list.length - 50} more</List.Item>}
    </List>
  );
}

function Where({ instance, finding: f, go }: { instance: string; finding: Finding; go: (path: string) => void }): ReactNode {
  if (inFile(f)) return <><Link href={to.hooks(instance, { file: f.path, line: f.line })} size="sm"><code><Plain>{f.path + (f.line ? `:${f.line}` : "")}</Plain></code></Link>:</>;
  if (f.path === "") return null;
  return <><Anchor component="button" type="button" size="sm" onClick={() => { go(f.path); }}><code><Plain>{f.path}</Plain></code></Anchor>:</>;
}
