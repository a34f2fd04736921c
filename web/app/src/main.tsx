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
import { theme, variables } from "./theme";

setNonce(nonce); // for the style that keeps a page from scrolling behind a dialog

const queries = makeQueries(() => {
  const here = window.location.pathname + window.location.search;
  // Who was somebody a moment ago is told why they are asked again.
  const ended = queries.getQueryCache().findAll({ queryKey: ["get", "/api/v1/auth/me"] }).some((q) => q.state.data !== undefined);
  if (!router.state.matches.some((m) => m.routeId.startsWith("/account"))) void router.navigate({ href: to.signIn(here, ended ? "session_ended" : undefined) });
});
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
