import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ConfigurationPage(): ReactNode {
  return <Page title="Configuration">Not built yet.</Page>;
}
