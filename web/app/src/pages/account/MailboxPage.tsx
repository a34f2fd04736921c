import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { Link } from "../../shell/Link";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Time } from "../../ui/Time";
import classes from "./MailboxPage.module.css";

/** The mails that a development server would have sent. */
export default function MailboxPage(): ReactNode {
  const mails = api.useQuery("get", "/api/v1/development/mails", {}, { refetchInterval: 3000, retry: false });
  return (
    <Page title="Development mailbox" lead="No mail leaves a developer's machine: what would be sent is here, for everybody who can open this page.">
      {mails.error && <Failure trouble={mails.error instanceof Error ? asProblem(mails.error) : asProblem(undefined)} retry={() => { void mails.refetch(); }} />}
      {mails.isPending && <Waiting />}
      {mails.data?.data.length === 0 && <Empty title="No mail yet">Sign up, invite somebody or reset a password, and it is here.</Empty>}
      <Stack gap="md">
        {mails.data?.data.map((m) => (
          <Paper key={m.id} withBorder p="md" radius="md" component="article" aria-labelledby={`mail-${m.id}`}>
            <Title order={2} size="h5" id={`mail-${m.id}`}><Plain>{m.subject}</Plain></Title>
            <Text size="sm" c="dimmed">To <Plain>{m.to}</Plain>, <Time at={m.created_at} /></Text>
            <Text component="div" size="sm" mt="xs" className={classes.text}><Plain>{m.text}</Plain></Text>
            {ours(m.link) && <Link href={ours(m.link) ?? ""} mt="xs" display="inline-block">Open the link in it</Link>}
          </Paper>
        ))}
      </Stack>
    </Page>
  );
}

/** The part of a link behind our own address; undefined for any other site's. */
function ours(link: string | undefined): string | undefined {
  if (!link) return undefined;
  try {
    const url = new URL(link);
    return url.origin === window.location.origin ? url.pathname + url.search : undefined;
  } catch {
    return undefined;
  }
}
