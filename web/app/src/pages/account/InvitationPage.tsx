import type { ReactNode } from "react";
import { Card } from "./Card";

// UNBUILT
export default function InvitationPage(): ReactNode {
  return <Card title="Join an organization">Not built yet.</Card>;
}
