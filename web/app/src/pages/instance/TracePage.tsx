import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function TracePage(): ReactNode {
  return <Page title="One write">Not built yet.</Page>;
}
