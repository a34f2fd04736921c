import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ConflictsPage(): ReactNode {
  return <Page title="Conflicts">Not built yet.</Page>;
}
