import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function MembersPage(): ReactNode {
  return <Page title="Members">Not built yet.</Page>;
}
