import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./base.css";
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueries } from "./api/queries";
import { to } from "./paths";
import { makeRouter } from "./routes";
import { nonce } from "./settings";
import { connection } from "./shell/connection";
import { meKey } from "./shell/me";
import { session } from "./shell/session";
import { theme, variables } from "./theme";

setNonce(nonce); // for the style that keeps a page from scrolling behind a dialog

const queries = makeQueries({ lost: connection.set, signedOut: (asked) => {
  const here = window.location.pathname + window.location.search;
  if (router.state.matches.some((m) => m.routeId.startsWith("/account"))) return;
  if (queries.getQueryData(meKey)) session.end(asked); // somebody works here: what they typed must not go with the page
  else void router.navigate({ href: to.signIn(here) });
} });
const router = makeRouter(queries);

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <ModalsProvider>
          <RouterProvider router={router} />
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
