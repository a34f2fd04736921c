import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function PromotePage(): ReactNode {
  return <Page title="Promote">Not built yet.</Page>;
}
