import { Alert, Stepper } from "@mantine/core";
import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { api } from "../../../api/client";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { useSearchState } from "../../../shell/search";
import { Page } from "../../../ui/Page";
import { useAnswers, type Answers } from "./answers";
import { DeployStep } from "./DeployStep";
import { RulesStep } from "./RulesStep";
import { SourceStep } from "./SourceStep";
import { SyncStep } from "./SyncStep";
import { TablesStep } from "./TablesStep";
import { UsersStep } from "./UsersStep";

/** What each step is given. */
export interface StepProps {
  answers: Answers;
  change: (part: Partial<Answers>) => void;
  /** Goes on to the next step. */
  next: () => void;
}

const steps: { id: string; label: string; done: (a: Answers) => boolean; Content: ComponentType<StepProps> }[] = [
  { id: "source", label: "Database", done: (a) => a.stored, Content: SourceStep },
  { id: "tables", label: "Tables", done: (a) => !!a.tables?.some((t) => t.included), Content: TablesStep },
  { id: "rules", label: "Who may write", done: (a) => !!a.tables?.some((t) => t.included), Content: RulesStep },
  { id: "users", label: "Users", done: (a) => a.developmentTokens || a.providers.length > 0, Content: UsersStep },
  { id: "powersync", label: "PowerSync", done: (a) => a.powersyncURL !== "", Content: SyncStep },
  { id: "deploy", label: "Deploy", done: () => false, Content: DeployStep },
];

/** How far one may go: up to the first step that is not done. */
export function reachable(a: Answers): number {
  const open = steps.findIndex((s) => !s.done(a));
  return open < 0 ? steps.length - 1 : open;
}

/** The guided first run. The step is in the address; the answers stay in this tab until they are deployed. */
export default function EnablePage(): ReactNode {
  const { instance } = useHere();
  const [answers, change] = useAnswers(instance.id, instance.kind);
  const [{ step }, go] = useSearchState({ step: "source" });
  const wanted = Math.max(0, steps.findIndex((s) => s.id === step));
  const [moved, setMoved] = useState(false);
  const at = moved ? wanted : Math.min(wanted, reachable(answers)); // a link into the middle begins where answers are missing
  useEffect(() => { if (moved) document.getElementById("step-title")?.focus(); }, [at, moved]);
  const configured = api.useQuery("get", "/api/v1/instances/{instance}/config", { params: { path: { instance: instance.id } } }).data?.config.trim();
  const show = (n: number): void => {
    const id = steps[n]?.id;
    if (!id) return;
    setMoved(true);
    go({ step: id }, { replace: false });
  };
  const current = steps[at] ?? steps[0];
  const Content = current?.Content ?? SourceStep;
  return (
    <Page title="Enable the backend" lead="From a connection string to URLs that your app can use. Nothing is served until the last step.">
      {configured && (
        <Alert color="yellow" variant="light" title="This instance is configured already">
          The guide writes its configuration anew: what the draft has now, hook files aside, is replaced when you deploy, and a connection string that you store is used by what is deployed within seconds.
          To change single settings, go to <Link href={to.configuration(instance.id)} size="sm">Configuration</Link>.
        </Alert>
      )}
      <Stepper active={at} onStepClick={show} size="sm" iconSize={32} wrap>
        {steps.map((s, n) => <Stepper.Step key={s.id} label={s.label} allowStepSelect={n <= Math.max(at, reachable(answers))} aria-current={n === at ? "step" : undefined} />)}
      </Stepper>
      <Content key={current?.id} answers={answers} change={change} next={() => { show(at + 1); }} />
    </Page>
  );
}
