import type { ReactNode } from "react";
import { useHere } from "../../shell/instance";
import { Page } from "../../ui/Page";
import { Value } from "../../ui/Code";

/** How an instance does. */
export default function OverviewPage(): ReactNode {
  const { instance } = useHere();
  return (
    <Page title={instance.name}>
      <Value value={instance.url} label="The instance's address" />
    </Page>
  );
}
