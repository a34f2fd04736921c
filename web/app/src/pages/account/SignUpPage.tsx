import { Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { to } from "../../paths";
import { signup } from "../../settings";
import { Link } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Card } from "./Card";
import { inside } from "./inside";
import { SignUpForm } from "./SignUpForm";

/** Making an account, with its first organization. */
export default function SignUpPage(): ReactNode {
  const [{ next }] = useSearchState({ next: "/" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const there = <Text size="sm">You have an account? <Link href={to.signIn(next)} size="sm">Sign in</Link></Text>;
  if (signup !== "open") {
    return <Card title="Make a Turnkey account" lead={signup === "invite" ? "Accounts here are made by invitation: open the link in the mail that invites you." : "Nobody makes accounts here by themselves; ask who runs this Turnkey."}>{there}</Card>;
  }
  return (
    <Card title="Make a Turnkey account">
      <SignUpForm done={() => { queries.clear(); void navigate({ href: inside(next) }); }} />
      {there}
    </Card>
  );
}
