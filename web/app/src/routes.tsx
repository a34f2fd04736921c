import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, type AnyRoute, type RouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Crashed } from "./shell/Crashed";
import { InstanceFrame } from "./shell/InstanceFrame";
import { Missing } from "./shell/Missing";
import { Shell } from "./shell/Shell";

interface Context {
  queries: QueryClient;
}

/** A page that is loaded when it is opened. */
type Load = () => Promise<{ default: ComponentType }>;

const root = createRootRouteWithContext<Context>()({ component: Outlet });

function page(parent: AnyRoute, path: string, load: Load): AnyRoute {
  return createRoute({ getParentRoute: () => parent, path, component: lazyRouteComponent(load) as RouteComponent });
}

// Pages for people who are not signed in, or whatever they are.
const account = createRoute({ getParentRoute: () => root, id: "account" });
const accountPages = [
  page(account, "/signin", () => import("./pages/account/SignInPage")),
  page(account, "/signup", () => import("./pages/account/SignUpPage")),
];

// Pages inside the shell.
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const shellPages = [
  page(shell, "/", () => import("./pages/organization/HomePage")),
  page(shell, "/new", () => import("./pages/organization/NewOrganizationPage")),
  page(shell, "/orgs/$org", () => import("./pages/organization/OrganizationPage")),
  page(shell, "/projects/$project", () => import("./pages/organization/ProjectPage")),
];

// Pages of one instance.
const instance = createRoute({ getParentRoute: () => shell, path: "/instances/$instance", component: InstanceFrame });
const instancePages = [
  page(instance, "/", () => import("./pages/instance/OverviewPage")),
];

const tree = root.addChildren([account.addChildren(accountPages), shell.addChildren([...shellPages, instance.addChildren(instancePages)])]);

/** Makes the router. Search parameters are plain strings, read and written by useSearchState. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultErrorComponent: Crashed,
    defaultNotFoundComponent: Missing,
    scrollRestoration: true,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (values) => {
      const set = Object.entries(values).filter(([, v]) => v !== undefined && v !== "" && v !== false);
      return set.length === 0 ? "" : "?" + new URLSearchParams(set.map(([k, v]) => [k, String(v)])).toString();
    },
  });
}
