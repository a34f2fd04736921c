import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function DeliveriesPage(): ReactNode {
  return <Page title="Deliveries">Not built yet.</Page>;
}
