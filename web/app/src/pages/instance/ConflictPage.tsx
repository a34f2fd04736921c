import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ConflictPage(): ReactNode {
  return <Page title="Conflict">Not built yet.</Page>;
}
