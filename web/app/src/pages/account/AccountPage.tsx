import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function AccountPage(): ReactNode {
  return <Page title="Your account">Not built yet.</Page>;
}
