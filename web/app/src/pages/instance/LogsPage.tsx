import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function LogsPage(): ReactNode {
  return <Page title="Logs">Not built yet.</Page>;
}
