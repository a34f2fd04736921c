import type { ReactNode } from "react";
import { Page } from "../../../ui/Page";

// UNBUILT
export default function EnablePage(): ReactNode {
  return <Page title="Enable the backend">Not built yet.</Page>;
}
