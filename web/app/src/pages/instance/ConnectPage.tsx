import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ConnectPage(): ReactNode {
  return <Page title="Connect your app">Not built yet.</Page>;
}
