import { Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { LinkButton } from "../../shell/Link";
import { useMe } from "../../shell/me";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Card } from "./Card";

/** Where the mailed link leads: the address is verified by opening it. */
export default function VerifyPage(): ReactNode {
  const [{ token }] = useSearchState({ token: "" });
  const queries = useQueryClient();
  const verify = useAct((t: string) => body(client.POST("/api/v1/auth/verify", { body: { token: t } })), { quiet: true, then: () => { queries.clear(); } });
  const asked = useRef(false);
  const { mutate } = verify;
  const me = useMe();
  const already = verify.problem && me?.email_verified ? me.email : undefined; // the link was opened twice
  useEffect(() => {
    if (asked.current) return; // the link works once
    asked.current = true;
    mutate(token);
  }, [mutate, token]);
  return (
    <Card title="Your e-mail address">
      {verify.isPending || verify.isIdle ? <Waiting lines={1} /> : null}
      {verify.data && <Text><Plain>{verify.data.email}</Plain> is verified.</Text>}
      {already && <Text><Plain>{already}</Plain> is verified already.</Text>}
      {verify.problem && !already && <Failure title="Not verified" trouble={verify.problem} />}
      <LinkButton href={to.home()}>{verify.data || already ? "Go on" : "To the start"}</LinkButton>
    </Card>
  );
}
