import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function OrganizationPage(): ReactNode {
  return <Page title="Projects">Not built yet.</Page>;
}
