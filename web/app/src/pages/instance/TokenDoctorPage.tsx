import type { ReactNode } from "react";
import { Page } from "../../ui/Page";

// UNBUILT
export default function TokenDoctorPage(): ReactNode {
  return <Page title="Token doctor">Not built yet.</Page>;
}
