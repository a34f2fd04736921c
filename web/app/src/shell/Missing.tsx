import { Container } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { to } from "../paths";
import { Empty } from "../ui/Empty";
import { Page } from "../ui/Page";
import { LinkButton } from "./Link";

/** An address that there is no page for. */
export function Missing(): ReactNode {
  const inside = useRouterState({ select: (s) => s.matches.some((m) => m.routeId.startsWith("/shell")) });
  const page = (
    <Page title="There is no such page">
      <Empty title="The address may be mistyped, or what it showed is gone" action={<LinkButton href={to.home()}>To the start</LinkButton>} />
    </Page>
  );
  return inside ? page : <Container component="main" py="xl">{page}</Container>;
}
