import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function AlertsPage(): ReactNode {
  return <Page title="Alerts">Not built yet.</Page>;
}
