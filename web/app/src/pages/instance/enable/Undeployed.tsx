import type { ReactNode } from "react";
import { to } from "../../../paths";
import { LinkButton } from "../../../shell/Link";
import { Empty } from "../../../ui/Empty";

/** What pages show of an instance that serves nothing yet: where to begin. */
export function Undeployed({ instance }: { instance: string }): ReactNode {
  return (
    <Empty title="Nothing is deployed yet" action={<LinkButton href={to.enable(instance)}>Enable the backend</LinkButton>}>
      The guide asks for a database, tables, rules and a sign-in, and ends with the URLs for your app. Until then devices keep their writes.
    </Empty>
  );
}
