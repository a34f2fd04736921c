import type { ReactNode } from "react";
import { Card } from "./Card";

// UNBUILT
export default function ForgotPage(): ReactNode {
  return <Card title="Reset your password">Not built yet.</Card>;
}
