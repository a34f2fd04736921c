import { Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { LinkButton } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Card } from "./Card";

interface Props {
  title: string;
  /** Sends the link's token; the answer has the address that it was about. */
  call: (token: string) => Promise<{ email: string }>;
  /** What is so now, behind the address. */
  done: string;
  failed: string;
  /** The address of which it is so already: the link was opened twice. */
  already?: string | undefined;
}

/** Where a mailed link leads that does its work by being opened. */
export function Opened({ title, call, done, failed, already }: Props): ReactNode {
  const [{ token }] = useSearchState({ token: "" });
  const queries = useQueryClient();
  const open = useAct(call, { quiet: true, then: () => { queries.clear(); } });
  const asked = useRef(false);
  const { mutate } = open;
  const twice = open.problem && already;
  useEffect(() => {
    if (asked.current) return; // the link works once
    asked.current = true;
    mutate(token);
  }, [mutate, token]);
  return (
    <Card title={title}>
      {open.isPending || open.isIdle ? <Waiting lines={1} /> : null}
      {open.data && <Text role="status"><Plain>{open.data.email}</Plain> {done}</Text>}
      {twice && <Text role="status"><Plain>{twice}</Plain> {done}</Text>}
      {open.problem && !twice && <Failure title={failed} trouble={open.problem} />}
      <LinkButton href={to.home()}>{open.data || twice ? "Go on" : "To the start"}</LinkButton>
    </Card>
  );
}
