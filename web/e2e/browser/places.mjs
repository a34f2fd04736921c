// Every page of the dashboard, so that none is forgotten by the looks at all of them. A new page is a line here;
// a test compares the list with the router's.

/** Pages of people who are not signed in. */
export const outside = { signin: '/signin', signup: '/signup', forgot: '/forgot', reset: '/reset?token=x', verify: '/verify?token=x', email: '/email?token=x', invitation: '/invitation?token=x' };

/** Pages that the server renders by itself. */
export const served = {
  docs: '/docs',
  ...Object.fromEntries(['', '/quickstart', '/atlas-device-sync', '/cloudcode', '/conflicts', '/rejected-write', '/go-live'].map((guide) => [`guides${guide.replace('/', '-')}`, `/docs/guides${guide}`])),
};

/** Pages by name, for the ids at hand: {org, project, instance, conflict, rejection, delivery, deployment, request}. */
export const inside = (id) => ({
  account: '/account',
  mailbox: '/mailbox',
  'new-organization': '/new',
  organization: `/orgs/${id.org}`,
  members: `/orgs/${id.org}/members`,
  tokens: `/orgs/${id.org}/tokens`,
  audit: `/orgs/${id.org}/audit`,
  alerts: `/orgs/${id.org}/alerts`,
  exports: `/orgs/${id.org}/exports`,
  'organization-settings': `/orgs/${id.org}/settings`,
  project: `/projects/${id.project}`,
  'new-instance': `/projects/${id.project}/new`,
  overview: `/instances/${id.instance}`,
  enable: `/instances/${id.instance}/enable`,
  connect: `/instances/${id.instance}/connect`,
  configuration: `/instances/${id.instance}/configuration`,
  hooks: `/instances/${id.instance}/hooks?file=hooks%2Ftodos.ts`,
  deployments: `/instances/${id.instance}/deployments`,
  deployment: `/instances/${id.instance}/deployments/${id.deployment}`,
  conflicts: `/instances/${id.instance}/conflicts`,
  conflict: `/instances/${id.instance}/conflicts/${id.conflict}`,
  rejections: `/instances/${id.instance}/rejections`,
  rejection: `/instances/${id.instance}/rejections/${id.rejection}`,
  deliveries: `/instances/${id.instance}/deliveries`,
  delivery: `/instances/${id.instance}/deliveries/${id.delivery}`,
  logs: `/instances/${id.instance}/logs`,
  trace: `/instances/${id.instance}/traces/${id.request}`,
  metrics: `/instances/${id.instance}/metrics`,
  clients: `/instances/${id.instance}/clients`,
  keys: `/instances/${id.instance}/keys`,
  secrets: `/instances/${id.instance}/secrets`,
  'token-doctor': `/instances/${id.instance}/token-doctor`,
  'go-live': `/instances/${id.instance}/go-live`,
  promote: `/instances/${id.instance}/promote`,
  playground: `/instances/${id.instance}/playground`,
  'instance-settings': `/instances/${id.instance}/settings`,
});
