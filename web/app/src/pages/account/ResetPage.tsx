import type { ReactNode } from "react";
import { Card } from "./Card";

// UNBUILT
export default function ResetPage(): ReactNode {
  return <Card title="Choose a new password">Not built yet.</Card>;
}
