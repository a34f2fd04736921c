import type { ReactNode } from "react";
import { Empty } from "../ui/Empty";
import { Waiting } from "../ui/Rows";
import { useMay, useMe } from "./me";

interface Props {
  org: string;
  /** The permission to read it. */
  permission: string;
  /** "The members are", "The audit log is": what is not shown. */
  what: string;
  children: ReactNode;
}

/** What not every role of an organization reads: the server is not asked for it, and the page says why. */
export function Restricted({ org, permission, what, children }: Props): ReactNode {
  const me = useMe();
  const may = useMay(org)(permission);
  if (!me) return <Waiting lines={5} />;
  if (may !== true) return <Empty title={`${what} not shown to you`}>{may}</Empty>;
  return children;
}
