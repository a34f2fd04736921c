import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

export default function OrganizationPage(): ReactNode {
  return <Page title="Organization">.</Page>;
}
