import type { ReactNode } from "react";
import { Page } from "../../../ui/Page";

// UNBUILT
export default function HooksPage(): ReactNode {
  return <Page title="Hooks">Not built yet.</Page>;
}
