import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function DeploymentsPage(): ReactNode {
  return <Page title="Deployments">Not built yet.</Page>;
}
