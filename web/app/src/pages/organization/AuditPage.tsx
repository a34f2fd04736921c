import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function AuditPage(): ReactNode {
  return <Page title="Audit log">Not built yet.</Page>;
}
