import { Container } from "@mantine/core";
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { Failure } from "../ui/Failure";
import { Page } from "../ui/Page";

/** A page that threw. A missing chunk means that a newer version was deployed, or that the connection is gone: loading anew mends it. */
export function Crashed({ error }: { error: unknown }): ReactNode {
  const stale = error instanceof Error && /dynamically imported module/.test(error.message);
  return (
    <Container py="xl">
      <Page title="Something went wrong">
        <Failure
          title={stale ? "This page could not be loaded" : "This page stopped working"}
          trouble={stale ? { message: "A newer version of the dashboard was deployed while it was open, or the server cannot be reached.", hint: "Load it anew once you are online." } : asProblem(error)}
          retry={() => { window.location.reload(); }}
        />
      </Page>
    </Container>
  );
}
