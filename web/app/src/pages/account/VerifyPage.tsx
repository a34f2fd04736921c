import type { ReactNode } from "react";
import { Card } from "./Card";

// UNBUILT
export default function VerifyPage(): ReactNode {
  return <Card title="Confirm your e-mail address">Not built yet.</Card>;
}
