import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function MailboxPage(): ReactNode {
  return <Page title="Development mailbox">Not built yet.</Page>;
}
