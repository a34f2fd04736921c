// Every address of the dashboard. Links are made here and nowhere else, so that a moved page is moved once.

function query(values: Record<string, string | number | undefined>): string {
  const set = Object.entries(values).filter(([, v]) => v !== undefined && v !== "");
  return set.length === 0 ? "" : "?" + set.map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`).join("&");
}

const seg = encodeURIComponent;

/** What the lists of conflicts, rejections and deliveries are narrowed by, as far as one has it. */
interface InboxFilter {
  status?: string;
  table?: string;
  user?: string;
  code?: string;
  deployment?: string;
}

/** A place on the hooks page: a file and its line, a panel, and the recorded case that it is run on (conflict:…, rejection:…). */
interface HookPlace {
  file?: string;
  line?: number;
  panel?: string;
  on?: string;
}

export const to = {
  home: () => "/",
  signIn: (next?: string, error?: string) => "/signin" + query({ next, error }),
  signUp: (next?: string) => "/signup" + query({ next }),
  forgot: () => "/forgot",
  invitation: (token: string) => "/invitation" + query({ token }),
  mailbox: () => "/mailbox",
  account: () => "/account",
  newOrganization: () => "/new",

  organization: (org: string) => `/orgs/${seg(org)}`,
  members: (org: string) => `/orgs/${seg(org)}/members`,
  tokens: (org: string) => `/orgs/${seg(org)}/tokens`,
  audit: (org: string) => `/orgs/${seg(org)}/audit`,
  alerts: (org: string) => `/orgs/${seg(org)}/alerts`,
  exports: (org: string) => `/orgs/${seg(org)}/exports`,
  organizationSettings: (org: string) => `/orgs/${seg(org)}/settings`,
  project: (project: string) => `/projects/${seg(project)}`,
  newInstance: (project: string) => `/projects/${seg(project)}/new`,

  instance: (id: string) => `/instances/${seg(id)}`,
  enable: (id: string, step?: string) => `/instances/${seg(id)}/enable` + query({ step }),
  connect: (id: string, sdk?: string) => `/instances/${seg(id)}/connect` + query({ sdk }),
  configuration: (id: string, at?: string) => `/instances/${seg(id)}/configuration` + query({ view: at ? "yaml" : undefined, at }),
  hooks: (id: string, at: HookPlace = {}) => `/instances/${seg(id)}/hooks` + query({ ...at }),
  deployments: (id: string) => `/instances/${seg(id)}/deployments`,
  deployment: (id: string, number: number) => `/instances/${seg(id)}/deployments/${number}`,
  conflicts: (id: string, filter: InboxFilter = {}) => `/instances/${seg(id)}/conflicts` + query({ ...filter }),
  conflict: (id: string, conflict: string) => `/instances/${seg(id)}/conflicts/${seg(conflict)}`,
  rejections: (id: string, filter: InboxFilter = {}) => `/instances/${seg(id)}/rejections` + query({ ...filter }),
  rejection: (id: string, rejection: string) => `/instances/${seg(id)}/rejections/${seg(rejection)}`,
  deliveries: (id: string, filter: InboxFilter = {}) => `/instances/${seg(id)}/deliveries` + query({ ...filter }),
  delivery: (id: string, delivery: string) => `/instances/${seg(id)}/deliveries/${seg(delivery)}`,
  logs: (id: string, filter: { request_id?: string; user_id?: string } = {}) => `/instances/${seg(id)}/logs` + query(filter),
  traces: (id: string) => `/instances/${seg(id)}/traces`,
  trace: (id: string, request: string) => `/instances/${seg(id)}/traces/${seg(request)}`,
  metrics: (id: string) => `/instances/${seg(id)}/metrics`,
  clients: (id: string) => `/instances/${seg(id)}/clients`,
  keys: (id: string) => `/instances/${seg(id)}/keys`,
  secrets: (id: string) => `/instances/${seg(id)}/secrets`,
  tokenDoctor: (id: string) => `/instances/${seg(id)}/token-doctor`,
  goLive: (id: string) => `/instances/${seg(id)}/go-live`,
  promote: (id: string) => `/instances/${seg(id)}/promote`,
  playground: (id: string) => `/instances/${seg(id)}/playground`,
  instanceSettings: (id: string) => `/instances/${seg(id)}/settings`,

  docs: () => "/docs",
  guides: () => "/docs/guides",
  guide: (name: string, section?: string) => `/docs/guides/${seg(name)}` + (section ? `#${section}` : ""),
};
