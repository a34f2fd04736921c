import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

export default function ProjectPage(): ReactNode {
  return <Page title="Project">.</Page>;
}
