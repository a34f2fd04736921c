import { Button, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { Link, LinkButton } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Failure } from "../../ui/Failure";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Card } from "./Card";
import { SignUpForm } from "./SignUpForm";

/** Where an invitation's link leads: joining with the account that one is signed in with, or with a new one. */
export default function InvitationPage(): ReactNode {
  const [{ token }] = useSearchState({ token: "" });
  const me = api.useQuery("get", "/api/v1/auth/me", {}, { retry: false });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const home = (): void => { queries.clear(); void navigate({ href: to.home() }); };
  const join = useAct(() => body(client.POST("/api/v1/invitations/accept", { body: { token } })), { quiet: true, then: home });
  const [way, setWay] = useState("new");
  if (!token) {
    return <Card title="Join an organization" lead="This link has no invitation in it. Open the one in the mail, whole."><LinkButton href={to.home()}>To the start</LinkButton></Card>;
  }
  if (me.isPending) return <Card title="Join an organization"><Waiting lines={2} /></Card>;
  if (me.data) {
    return (
      <Card title="Join an organization">
        <Text>You are signed in as <strong><Plain>{me.data.email}</Plain></strong>. The invitation is for one address only.</Text>
        {join.problem && <Failure title="Not joined" trouble={join.problem} />}
        <Button loading={join.isPending} onClick={() => { join.mutate(undefined); }}>Join</Button>
      </Card>
    );
  }
  return (
    <Card title="Join an organization" lead="With the address that was invited.">
      <Stack gap="sm">
        <SegmentedControl aria-label="How to join" value={way} onChange={setWay} data={[{ value: "new", label: "I am new here" }, { value: "known", label: "I have an account" }]} />
        {way === "new"
          ? <SignUpForm invitation={token} done={home} />
          : <Text>First <Link href={to.signIn(to.invitation(token))}>sign in</Link>; you come back here then.</Text>}
      </Stack>
    </Card>
  );
}
