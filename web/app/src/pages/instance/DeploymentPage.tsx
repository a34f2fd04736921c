import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function DeploymentPage(): ReactNode {
  return <Page title="Deployment">Not built yet.</Page>;
}
