import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function RejectionsPage(): ReactNode {
  return <Page title="Rejections">Not built yet.</Page>;
}
