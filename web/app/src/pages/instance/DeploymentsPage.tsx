import type { ReactNode } from "react";
import { to } from "../../paths";
import { LinkButton } from "../../shell/Link";
import { useHere } from "../../shell/instance";
import { Page } from "../../ui/Page";
import { DeploymentList } from "./deployments/DeploymentList";

export default function DeploymentsPage(): ReactNode {
  const { instance } = useHere();
  return (
    <Page title="Deployments" lead="Each is a snapshot of configuration and hooks that never changes. One of them is active."
      actions={<LinkButton href={to.hooks(instance.id, { panel: "deploy" })}>Deploy the draft</LinkButton>}>
      <DeploymentList />
    </Page>
  );
}
