import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { to } from "../paths";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Page } from "../ui/Page";
import { LinkButton } from "./Link";

interface Props {
  /** What the page is about: "Instance", "Project". */
  title: string;
  problem: Problem;
  retry: () => void;
}

/** A page whose subject cannot be read. What is not there, or not for who asks, does not come by asking again. */
export function Absent({ title, problem, retry }: Props): ReactNode {
  const noun = title.toLowerCase();
  if (problem.status !== 404) return <Page title={title}><Failure title={`This ${noun} cannot be shown`} trouble={problem} retry={retry} /></Page>;
  return (
    <Page title={title}>
      <Empty title={`There is no such ${noun}`} action={<LinkButton href={to.home()}>To the start</LinkButton>}>
        It may have been deleted, the address may be mistyped, or it belongs to an organization or project that you are no member of.
      </Empty>
    </Page>
  );
}
