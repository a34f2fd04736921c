// Everything that opens over a page: dialogs, drawers, menus, lists, what the editor shows. A new one is a line here; a
// test compares the list with the source.
import { answers, rest } from './stack.mjs';

const button = (name) => (page) => page.getByRole('button', { name, exact: true }).first();
const dialog = (page) => page.getByRole('dialog').last();
const listbox = (page) => page.getByRole('listbox').last();

/**
 * file: what renders it, below web/app/src. at: the page, by its name in places.mjs, with what follows its address.
 * opener: what is pressed. before: what has to be done first. shown: what opens.
 * kind: 'modal' holds the focus until Escape; 'menu' takes it, and Escape gives it back; 'list' leaves it in the input.
 * elsewhere: the focus need not come back to the opener.
 * Those of one page stand together: it is loaded once for them.
 */
export const surfaces = [
  { name: 'the palette', file: 'shell/Palette.tsx', at: 'overview', opener: button('Ctrl K: go to a page'), kind: 'modal' },
  { name: 'the account menu', file: 'shell/AccountMenu.tsx', at: 'overview', opener: (page) => page.getByTitle('Account and appearance'), kind: 'menu' },

  { name: 'a new project', file: 'pages/organization/project/NewProject.tsx', at: 'organization', opener: button('New project'), kind: 'modal' },
  { name: 'renaming a project', file: 'shell/Rename.tsx', at: 'project', opener: button('Rename'), kind: 'modal' },
  { name: 'an invitation', file: 'pages/organization/members/Invite.tsx', at: 'members', opener: button('Invite'), kind: 'modal' },
  { name: 'a member', file: 'pages/organization/members/ChangeMember.tsx', at: 'members', opener: (page) => page.getByRole('button', { name: /^Change the role of/ }).first(), kind: 'modal' },
  { name: 'a question', file: 'ui/confirm.tsx', at: 'members', opener: (page) => page.getByRole('button', { name: /^Leave:/ }).first(), kind: 'modal' },
  { name: 'a new API token', file: 'pages/organization/tokens/NewToken.tsx', at: 'tokens', opener: button('New API token'), kind: 'modal' },
  { name: 'an event to choose', file: 'pages/organization/audit/Filters.tsx', at: 'audit', opener: (page) => page.getByRole('combobox', { name: 'Event', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a channel', file: 'pages/organization/alerts/Channels.tsx', at: 'alerts', query: '?tab=channels', opener: button('Add a channel'), kind: 'modal' },
  {
    name: 'what a channel was told', file: 'pages/organization/alerts/Channels.tsx', at: 'alerts', query: '?tab=channels', opener: button('Sent'), kind: 'modal',
    before: async (page, { dev, id }) => {
      await rest(dev)('POST', `/orgs/${id.org}/alert-channels`, { name: 'On call', kind: 'mail', target: 'oncall@example.com', rules: [], instances: [], remind_hours: 24 });
      await page.reload();
    },
  },
  {
    name: 'rules to choose', file: 'pages/organization/alerts/ChannelForm.tsx', at: 'alerts', query: '?tab=channels', opener: (page) => dialog(page).getByRole('combobox', { name: 'Rules', exact: true }), shown: listbox, kind: 'list',
    before: (page) => button('Add a channel')(page).click(), after: (page) => page.keyboard.press('Escape'),
  },
  { name: 'a receiver of telemetry', file: 'pages/organization/ExportsPage.tsx', at: 'exports', opener: button('Add a receiver'), kind: 'modal' },
  {
    name: 'instances to choose', file: 'pages/organization/exports/ExportForm.tsx', at: 'exports', opener: (page) => dialog(page).getByRole('combobox', { name: 'Instances', exact: true }), shown: listbox, kind: 'list',
    before: (page) => button('Add a receiver')(page).click(), after: (page) => page.keyboard.press('Escape'),
  },
  { name: 'a question with a typed name', file: 'ui/confirm.tsx', at: 'organization-settings', opener: button('Delete the organization'), kind: 'modal' },

  { name: 'what to deploy', file: 'pages/instance/configuration/Deploy.tsx', at: 'configuration', opener: button('Deploy'), kind: 'modal' },
  { name: 'rules for a table', file: 'pages/instance/configuration/form/TableForm.tsx', at: 'configuration', query: '?table=todos', opener: button('From a template'), kind: 'menu' },
  { name: 'refusals to choose', file: 'pages/instance/configuration/form/inputs.tsx', at: 'configuration', query: '?table=todos', opener: (page) => page.getByRole('combobox', { name: 'Refusals that the app decides', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a provider to add', file: 'pages/instance/configuration/form/AuthPart.tsx', at: 'configuration', query: '?part=auth', opener: button('Add a provider'), kind: 'menu' },
  { name: 'secrets to choose', file: 'pages/instance/configuration/form/inputs.tsx', at: 'configuration', query: '?part=source', opener: (page) => page.getByRole('combobox', { name: 'Secret with the connection string', exact: true }), shown: listbox, kind: 'list' },
  {
    name: 'theirs and yours', file: 'pages/instance/configuration/Stale.tsx', at: 'configuration', query: '?part=keeping', opener: button('Compare'), kind: 'modal',
    before: async (page, { dev, id }) => {
      await page.getByLabel('Receipts').fill('80d');
      const at = `/instances/${id.instance}/config`;
      const { body, headers } = await answers(dev)('GET', at);
      await rest(dev)('PUT', at, { config: `${body.config}# Somebody else was here.\n` }, { 'If-Match': headers.get('etag') });
      await button('Save')(page).click();
    },
    after: async (page) => {
      await button('Take theirs')(page).click();
      await button('Throw mine away')(page).click();
    },
  },

  { name: 'a new hook', file: 'pages/instance/hooks/NewFile.tsx', at: 'hooks', opener: button('New file'), kind: 'modal' },
  {
    name: 'templates to choose', file: 'pages/instance/hooks/NewFile.tsx', at: 'hooks', opener: (page) => dialog(page).getByRole('combobox', { name: 'Begin with', exact: true }), shown: listbox, kind: 'list',
    before: (page) => button('New file')(page).click(), after: (page) => page.keyboard.press('Escape'),
  },
  { name: 'another name for a hook', file: 'pages/instance/hooks/FileBar.tsx', at: 'hooks', opener: button('Rename'), kind: 'modal' },
  { name: 'what is tried', file: 'pages/instance/hooks/RunPanel.tsx', at: 'hooks', query: '&panel=run', opener: (page) => page.getByRole('combobox', { name: 'What is tried', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a table of a sample', file: 'pages/instance/hooks/SampleForm.tsx', at: 'hooks', query: '&panel=run', opener: (page) => page.getByRole('combobox', { name: 'Table', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a part of the writes', file: 'pages/instance/hooks/ShadowPanel.tsx', at: 'hooks', query: '&panel=shadow', opener: (page) => page.getByRole('combobox', { name: 'Part of the writes', exact: true }), shown: listbox, kind: 'list' },
  {
    name: 'completions', file: 'editor/extensions.ts', at: 'hooks', kind: 'editor', shown: (page) => page.locator('.cm-tooltip-autocomplete'), opener: (page) => page.locator('.cm-content'),
    open: async (page) => {
      await page.locator('.cm-content').click();
      await page.getByText(/^(No problems\.|\d+ problems?)/).waitFor(); // TypeScript is there
      await page.keyboard.press('Control+End');
      await page.keyboard.type('\nMath.m');
    },
  },
  {
    name: 'finding in a file', file: 'editor/extensions.ts', at: 'hooks', kind: 'editor', shown: (page) => page.locator('.cm-search'), opener: (page) => page.locator('.cm-content'),
    open: async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+f');
    },
  },

  { name: 'a deployment for the draft', file: 'pages/instance/deployments/DeploymentActions.tsx', at: 'deployment', opener: button('Put back into the draft'), kind: 'modal' },
  { name: 'what to compare with', file: 'pages/instance/deployments/Compared.tsx', at: 'deployment', opener: (page) => page.getByRole('combobox', { name: 'Compared with', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a case as a test', file: 'pages/instance/inbox/SaveTest.tsx', at: 'rejection', opener: button('Save as test'), kind: 'modal' },
  { name: 'a level to choose', file: 'pages/instance/LogsPage.tsx', at: 'logs', opener: (page) => page.getByRole('combobox', { name: 'Level', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a collection to choose', file: 'pages/instance/MetricsPage.tsx', at: 'metrics', opener: (page) => page.getByRole('combobox', { name: 'Collection', exact: true }), shown: listbox, kind: 'list' },
  { name: 'a device', file: 'pages/instance/ClientsPage.tsx', at: 'clients', opener: (page) => page.locator('main table button[aria-haspopup="dialog"]').first(), kind: 'modal' },
  { name: 'a new API key', file: 'pages/instance/keys/APIKeys.tsx', at: 'keys', opener: button('New API key'), kind: 'modal' },
  {
    name: 'a value that is shown once', file: 'ui/Once.tsx', at: 'keys', opener: button('New API key'), kind: 'modal',
    open: async (page) => {
      await button('New API key')(page).click();
      await dialog(page).getByLabel('Name').fill('A server');
      await button('Make the key')(page).click();
      await page.getByRole('dialog', { name: 'The API key' }).waitFor();
    },
  },
  { name: 'a new secret', file: 'pages/instance/secrets/SetSecret.tsx', at: 'secrets', opener: button('New secret'), kind: 'modal' },
  {
    name: 'a session that ended', file: 'shell/SignedOut.tsx', at: 'account', opener: button('Change it'), kind: 'modal',
    elsewhere: true, // a button that saves is disabled meanwhile, and nothing that is disabled has the focus
    open: async (page) => {
      page.kept = await page.context().cookies();
      page.expect.push('401');
      await page.getByRole('textbox', { name: 'Your name' }).fill('Typed and not saved');
      await page.context().clearCookies();
      await button('Change it')(page).click();
    },
    after: async (page) => {
      await page.context().addCookies(page.kept);
      page.expect.splice(page.expect.indexOf('401'), 1);
    },
  },
];

/** What of the component library, and of ours, opens over a page. A tooltip repeats what is there already. */
export const opening = /<(Modal|Drawer|Menu|Popover|HoverCard|Spotlight|Select|MultiSelect|Autocomplete|TagsInput)[\s>]|modals\.open\(|autocompletion\(/g;
