import { Card, CloseButton, Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import { HookLink, placeIn } from "./HookLink";
import { took } from "./numbers";
import { outcomes, summaryOf } from "./words";
import type { LogLine } from "./useTail";

/** One line with everything that it says, and where to go from there. */
export function LineDetail({ instance, line: l, close }: { instance: string; line: LogLine; close: () => void }): ReactNode {
  return (
    <Card withBorder padding="md" component="section" aria-label="The chosen line">
      <Group justify="space-between" wrap="nowrap"><Title order={2} size="h5"><Plain>{summaryOf(l) || l.kind}</Plain></Title><CloseButton aria-label="Close the line" onClick={close} /></Group>
      <Group gap="xl" mt="xs">
        <Fact label="At">{new Date(l.at).toLocaleString()}</Fact>
        <Fact label="Outcome">{outcomes[l.outcome] ?? l.outcome}</Fact>
        {l.duration_us ? <Fact label="Took">{took(l.duration_us)}</Fact> : null}
        {l.retries ? <Fact label="Started over">{l.retries}</Fact> : null}
        {l.deployment ? <Fact label="Deployment"><Link href={to.deployment(instance, l.deployment)}>No. {l.deployment}</Link></Fact> : null}
        {l.user_id && <Fact label="User"><Link href={to.logs(instance, { user_id: l.user_id })}><Plain>{l.user_id}</Plain></Link></Fact>}
        {l.client_id && <Fact label="Device"><Link href={`${to.clients(instance)}?client=${encodeURIComponent(l.client_id)}`}><Plain>{l.client_id}</Plain></Link></Fact>}
        {l.sdk && <Fact label="SDK"><Plain>{`${l.sdk} ${l.app_version ?? ""}`}</Plain></Fact>}
        {l.rejection_id && <Fact label="Rejection"><Link href={to.rejection(instance, l.rejection_id)}><Plain>{l.rejection_id}</Plain></Link></Fact>}
        {placeIn(l.message ?? "") && <Fact label="In the hook"><HookLink instance={instance} message={l.message} /></Fact>}
        {l.request_id && <Fact label="Request"><Link href={to.trace(instance, l.request_id)}><Plain>{l.request_id}</Plain></Link></Fact>}
      </Group>
    </Card>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return <div><Text size="xs" c="dimmed">{label}</Text><Text size="sm" component="div">{children}</Text></div>;
}
