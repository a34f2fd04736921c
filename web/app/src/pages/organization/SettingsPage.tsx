import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function SettingsPage(): ReactNode {
  return <Page title="Organization settings">Not built yet.</Page>;
}
