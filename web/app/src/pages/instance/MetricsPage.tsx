import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function MetricsPage(): ReactNode {
  return <Page title="Metrics">Not built yet.</Page>;
}
