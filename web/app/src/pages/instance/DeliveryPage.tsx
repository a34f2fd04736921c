import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function DeliveryPage(): ReactNode {
  return <Page title="Delivery">Not built yet.</Page>;
}
