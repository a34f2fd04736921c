import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function InstanceSettingsPage(): ReactNode {
  return <Page title="Settings">Not built yet.</Page>;
}
