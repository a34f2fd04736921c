import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function TokensPage(): ReactNode {
  return <Page title="API tokens">Not built yet.</Page>;
}
