import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function ProjectPage(): ReactNode {
  return <Page title="Instances">Not built yet.</Page>;
}
