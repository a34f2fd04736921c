import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function SecretsPage(): ReactNode {
  return <Page title="Secrets">Not built yet.</Page>;
}
