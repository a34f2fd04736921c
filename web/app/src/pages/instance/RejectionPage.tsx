import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function RejectionPage(): ReactNode {
  return <Page title="Rejection">Not built yet.</Page>;
}
