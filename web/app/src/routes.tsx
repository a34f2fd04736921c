import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, type AnyRoute, type RouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Crashed } from "./shell/Crashed";
import { Missing } from "./shell/Missing";

interface Context {
  queries: QueryClient;
}

/** A page that is loaded when it is opened. */
type Load = () => Promise<{ default: ComponentType }>;

const root = createRootRouteWithContext<Context>()({ component: Outlet });

const loaded = (load: Load): RouteComponent => lazyRouteComponent(load) as RouteComponent;

function page(parent: AnyRoute, path: string, load: Load): AnyRoute {
  return createRoute({ getParentRoute: () => parent, path, component: loaded(load) });
}

// Pages for people who are not signed in, or whatever they are.
const account = createRoute({ getParentRoute: () => root, id: "account" });
const accountPages = [
  page(account, "/signin", () => import("./pages/account/SignInPage")),
  page(account, "/signup", () => import("./pages/account/SignUpPage")),
  page(account, "/verify", () => import("./pages/account/VerifyPage")),
  page(account, "/email", () => import("./pages/account/EmailPage")),
  page(account, "/forgot", () => import("./pages/account/ForgotPage")),
  page(account, "/reset", () => import("./pages/account/ResetPage")),
  page(account, "/invitation", () => import("./pages/account/InvitationPage")),
];

// Pages inside the shell.
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: loaded(() => import("./shell/Shell").then((m) => ({ default: m.Shell }))) });
const shellPages = [
  page(shell, "/", () => import("./pages/organization/HomePage")),
  page(shell, "/new", () => import("./pages/organization/NewOrganizationPage")),
  page(shell, "/orgs/$org", () => import("./pages/organization/OrganizationPage")),
  page(shell, "/projects/$project", () => import("./pages/organization/ProjectPage")),
  page(shell, "/account", () => import("./pages/account/AccountPage")),
  page(shell, "/mailbox", () => import("./pages/account/MailboxPage")),
  page(shell, "/orgs/$org/members", () => import("./pages/organization/MembersPage")),
  page(shell, "/orgs/$org/tokens", () => import("./pages/organization/TokensPage")),
  page(shell, "/orgs/$org/audit", () => import("./pages/organization/AuditPage")),
  page(shell, "/orgs/$org/alerts", () => import("./pages/organization/AlertsPage")),
  page(shell, "/orgs/$org/exports", () => import("./pages/organization/ExportsPage")),
  page(shell, "/orgs/$org/settings", () => import("./pages/organization/SettingsPage")),
  page(shell, "/projects/$project/new", () => import("./pages/instance/enable/NewInstancePage")),
];

// Pages of one instance.
const instance = createRoute({ getParentRoute: () => shell, path: "/instances/$instance", component: loaded(() => import("./shell/InstanceFrame").then((m) => ({ default: m.InstanceFrame }))) });
const instancePages = [
  page(instance, "/", () => import("./pages/instance/OverviewPage")),
  page(instance, "enable", () => import("./pages/instance/enable/EnablePage")),
  page(instance, "connect", () => import("./pages/instance/ConnectPage")),
  page(instance, "configuration", () => import("./pages/instance/ConfigurationPage")),
  page(instance, "hooks", () => import("./pages/instance/hooks/HooksPage")),
  page(instance, "deployments", () => import("./pages/instance/DeploymentsPage")),
  page(instance, "deployments/$number", () => import("./pages/instance/DeploymentPage")),
  page(instance, "conflicts", () => import("./pages/instance/ConflictsPage")),
  page(instance, "conflicts/$conflict", () => import("./pages/instance/ConflictPage")),
  page(instance, "rejections", () => import("./pages/instance/RejectionsPage")),
  page(instance, "rejections/$rejection", () => import("./pages/instance/RejectionPage")),
  page(instance, "deliveries", () => import("./pages/instance/DeliveriesPage")),
  page(instance, "deliveries/$delivery", () => import("./pages/instance/DeliveryPage")),
  page(instance, "logs", () => import("./pages/instance/LogsPage")),
  page(instance, "traces/$request", () => import("./pages/instance/TracePage")),
  page(instance, "metrics", () => import("./pages/instance/MetricsPage")),
  page(instance, "clients", () => import("./pages/instance/ClientsPage")),
  page(instance, "keys", () => import("./pages/instance/KeysPage")),
  page(instance, "secrets", () => import("./pages/instance/SecretsPage")),
  page(instance, "token-doctor", () => import("./pages/instance/TokenDoctorPage")),
  page(instance, "go-live", () => import("./pages/instance/GoLivePage")),
  page(instance, "promote", () => import("./pages/instance/PromotePage")),
  page(instance, "playground", () => import("./pages/instance/PlaygroundPage")),
  page(instance, "settings", () => import("./pages/instance/InstanceSettingsPage")),
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
