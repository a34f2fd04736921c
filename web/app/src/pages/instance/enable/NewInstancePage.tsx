import type { ReactNode } from "react";
import { Page } from "../../../ui/Page";

// UNBUILT
export default function NewInstancePage(): ReactNode {
  return <Page title="New instance">Not built yet.</Page>;
}
