import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ClientsPage(): ReactNode {
  return <Page title="Clients">Not built yet.</Page>;
}
