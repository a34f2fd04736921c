import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function GoLivePage(): ReactNode {
  return <Page title="Go live">Not built yet.</Page>;
}
