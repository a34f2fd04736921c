import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function KeysPage(): ReactNode {
  return <Page title="Auth and keys">Not built yet.</Page>;
}
