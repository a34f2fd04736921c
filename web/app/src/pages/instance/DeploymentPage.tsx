import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import { useHere } from "../../shell/instance";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { DeploymentActions } from "./deployments/DeploymentActions";
import { Compared } from "./deployments/Compared";
import { useDeployment } from "./deployments/deployments";
import { Summary } from "./deployments/Summary";

export default function DeploymentPage(): ReactNode {
  const { instance } = useHere();
  const { number: text = "" } = useParams({ strict: false }) as { number?: string };
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  const d = useDeployment(instance.id, number);
  if (number === 0) return <Page title="Deployment"><Failure title="There is no such deployment" trouble={{ message: "Deployments have numbers from 1." }} /></Page>;
  if (d.error && !d.data) return <Page title={`Deployment ${number}`}><Failure title="It cannot be shown" trouble={asProblem(d.error)} retry={() => { void d.refetch(); }} /></Page>;
  if (!d.data) return <Page title={`Deployment ${number}`}><Waiting /></Page>;
  return (
    <Page title={`Deployment ${number}`} actions={<DeploymentActions of={d.data} />}>
      <Summary of={d.data} />
      <Compared of={d.data} />
    </Page>
  );
}
