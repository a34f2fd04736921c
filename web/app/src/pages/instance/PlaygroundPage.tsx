import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function PlaygroundPage(): ReactNode {
  return <Page title="Two-device playground">Not built yet.</Page>;
}
