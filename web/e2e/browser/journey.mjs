// The journey of issue and design: from signing up to a rolled-back hook, in a browser, with the real SDK as the app.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, picture, settled } from './browser.mjs';
import { startDevices } from './sdk.mjs';
import { todosOf as todos } from './native.mjs';

const schema = { todos: { description: 'text', completed: 'integer', owner_id: 'text' } };

/** Ids of the rows that the journey writes. */
const [milk, bread, eggs, plain] = ['a1', 'a2', 'a3', 'a4'].map((end) => '65f0c0ffee0000000000'.padEnd(22, '0') + end);

/** The most that all of it may take, in seconds, once the server runs. */
const limit = 180;

export function journeyTests(dev) {
  test('from a new account to a rolled-back hook, in the browser, within three minutes', async (t) => {
    const browser = await launch();
    const devices = startDevices();
    const began = Date.now();
    // Chromium itself tries to keep the colours of what is typed over, with a style attribute: the policy stops that, too.
    const page = await open(browser, dev(), { expect: ['/auth/me', '/api/v1/orgs', 'event handlers, style attributes'] });
    const step = async (name, walk) => {
      const from = Date.now();
      try {
        return await walk();
      } catch (e) {
        await picture(page, `journey-stopped-at-${name.replaceAll(' ', '-')}`);
        throw new Error(`${name}: ${e.message}\n${(await page.locator('main').innerText().catch(() => '')).slice(0, 1500)}`, { cause: e });
      } finally {
        t.diagnostic(`${name}: ${((Date.now() - from) / 1000).toFixed(1)} s`);
      }
    };
    const press = (name, within = page) => within.getByRole('button', { name }).first().click();
    try {
      await step('sign up', () => signUp(page, press));
      await step('verify', () => verify(page, press));
      await step('make project and instance', () => provision(page, press));
      const instance = await step('enable the backend', () => enable(page, press));
      const url = await instanceURL(page);
      const ada = await devices.open('ada', { url, user: 'ada', schema });
      const tablet = await devices.open('tablet', { url, user: 'ada', schema });
      const rows = await todos(dev());
      try {
        await step('first write', () => firstWrite(page, ada, rows));
        await step('record conflicts', () => recordConflicts(page, press, instance));
        await step('two devices in conflict', () => conflict(ada, tablet, rows));
        await step('a hook with a type error', () => writeHook(page, press, instance));
        await step('run it on the recorded write', () => runHook(page, press));
        await step('deploy it', () => deployHook(page, press));
        await step('its effect on the next write', () => hookedWrite(ada, rows));
        await step('resolve a conflict', () => resolveConflict(page, press, instance, rows));
        await step('replay a rejection', () => replayRejection(page, press, instance, ada, rows));
        await step('roll back', () => rollBack(page, press, instance, ada, rows));
      } finally {
        await rows.close();
      }
      const seconds = (Date.now() - began) / 1000;
      t.diagnostic(`all of it: ${seconds.toFixed(1)} s`);
      assert.ok(seconds < limit, `the journey took ${seconds} s`);
      assert.deepEqual(page.trouble, []);
    } finally {
      await devices.close();
      await browser.close();
    }
  });
}

async function signUp(page, press) {
  await page.goto('/signup');
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password').first().fill('correct horse battery');
  await page.getByLabel('Organization').fill('Analytical Engines');
  await press('Make the account');
  await page.waitForURL(/\/orgs\//);
  await settled(page);
}

async function verify(page, press) {
  await page.getByText('Verify your e-mail address').waitFor();
  await page.getByRole('link', { name: 'Open the development mailbox' }).click();
  await page.getByRole('article').filter({ hasText: 'ada@example.com' }).getByRole('link', { name: 'Open the link in it' }).click();
  await page.getByText('ada@example.com is verified').waitFor();
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.waitForURL(/\/orgs\//);
  await settled(page);
  assert.equal(await page.getByText('Verify your e-mail address').count(), 0);
}

async function provision(page, press) {
  await press('New project');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').first().fill('Todo');
  await dialog.getByRole('button', { name: /make|create/i }).click();
  await page.getByRole('link', { name: 'New instance' }).first().click();
  await page.getByLabel('Name').fill('todo-development');
  await press('Make it and go on');
  await page.waitForURL(/\/enable/);
}

async function enable(page, press) {
  await press(/^Use .*mongo/i);
  await press(/test/i);
  await press('Store it and go on');
  await page.getByRole('heading', { name: 'Tables that devices write' }).waitFor();
  await press(/^Go on with/);
  await page.getByRole('heading', { name: 'Who may write' }).waitFor();
  await press('Go on');
  await page.getByRole('heading', { name: 'How users are identified' }).waitFor();
  await press('Go on');
  await press(/^None yet: use/);
  await press('Deploy and connect an app');
  await page.waitForURL(/\/connect/);
  await settled(page);
  return /instances\/([^/]+)/.exec(page.url())[1];
}

/** The address that apps use, as the Connect page shows it. */
async function instanceURL(page) {
  const upload = await page.getByText(/\/i\/[a-z0-9-]+\/api\/data/).first().innerText();
  return /http\S*\/i\/[a-z0-9-]+/.exec(upload)[0];
}

async function firstWrite(page, ada, rows) {
  await ada.write('todos', milk, `create {"description": "milk", "completed": 0, "owner_id": "ada"}`);
  assert.deepEqual(await ada.upload(), { queue: 0, rejected: [], error: '' });
  assert.equal((await rows.find(milk)).description, 'milk');
  await page.getByText(/Done: .*upload/i).first().waitFor(); // the live checklist
}

async function recordConflicts(page, press, instance) {
  await page.goto(`/instances/${instance}/configuration`);
  await settled(page);
  await press(/^todos/);
  await page.getByLabel('In conflict', { exact: true }).selectOption('record');
  await press('Deploy');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Message').fill('Conflicts wait for a person');
  await press('Save and deploy', dialog);
  await dialog.getByText('Deployment 2 is made').waitFor();
  await press('Done', dialog);
}

/** Two devices of one person change one row; the second had not seen the first's change. */
async function conflict(ada, tablet, rows) {
  await tablet.sync('todos', milk, { description: 'milk', completed: 0, owner_id: 'ada' });
  await ada.write('todos', milk, `set description = 'rice milk'`);
  assert.deepEqual(await ada.upload(), { queue: 0, rejected: [], error: '' });
  await tablet.write('todos', milk, `set description = ' oat milk '`);
  const { queue, rejected } = await tablet.upload();
  assert.deepEqual([queue, rejected.map((r) => r.code)], [0, ['CONFLICT_RECORDED']]);
  assert.equal((await rows.find(milk)).description, 'rice milk'); // the other waits for a person
}

const mistaken = `export default {
  beforeWrite(write, ctx) {
    const text = write.data?.descripton;
    if (text === "") ctx.reject("empty", "Say what is to be done.");
    if (write.data && text) write.data.description = text.trim().toUpperCase();
  },
} satisfies Hooks<"todos">;
`;

async function writeHook(page, press, instance) {
  await page.goto(`/instances/${instance}/hooks`);
  await settled(page);
  await press('New file');
  const dialog = page.getByRole('dialog');
  const table = dialog.getByRole('combobox', { name: 'Table' }).or(dialog.getByLabel('Table', { exact: true })).first();
  await table.fill('todos');
  await page.getByRole('option', { name: 'todos' }).click();
  await press('Make the file', dialog);
  await type(page, mistaken);
  await page.getByText(/'?descripton'? does not exist/).first().waitFor();
  await page.locator('.cm-lintRange-error').first().waitFor(); // in its place
  await type(page, mistaken.replace('descripton', 'description'));
  await page.getByText(/does not exist/).first().waitFor({ state: 'detached' });
}

/** Replaces what the editor holds. */
async function type(page, text) {
  await page.locator('.cm-content').first().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

async function runHook(page, press) {
  await page.getByRole('tab', { name: 'Run' }).click();
  await page.getByText('A recorded write').click();
  await page.getByRole('radio', { name: /^conflict/ }).first().check({ force: true });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('heading', { name: 'Hook calls' }).waitFor();
  await page.getByRole('cell', { name: /OAT MILK/ }).first().waitFor();
}

async function deployHook(page, press) {
  await page.getByRole('tab', { name: 'Deploy' }).click();
  await page.getByLabel('Message').fill('Loud descriptions');
  await press('Save and deploy');
  await page.getByText(/Deployment \d+ is active/).first().waitFor();
}

async function hookedWrite(ada, rows) {
  await ada.write('todos', bread, `create {"description": " bread ", "completed": 0, "owner_id": "ada"}`);
  assert.equal((await ada.upload()).queue, 0);
  assert.equal((await rows.find(bread)).description, 'BREAD');
}

async function resolveConflict(page, press, instance, rows) {
  await page.goto(`/instances/${instance}/conflicts`);
  await settled(page);
  await page.getByRole('link', { name: /todos|open/i }).last().click();
  await page.getByRole('heading', { level: 1, name: /Conflict on todos/ }).waitFor();
  await page.getByRole('button', { name: "All the device's" }).click();
  await press('Write this decision');
  await page.getByText(/resolved/).first().waitFor();
  assert.equal((await rows.find(milk)).description, ' oat milk '); // as the person decided it
}

async function replayRejection(page, press, instance, ada, rows) {
  await ada.write('todos', eggs, `create {"description": "", "completed": 0, "owner_id": "ada"}`);
  const { queue, rejected } = await ada.upload();
  assert.deepEqual([queue, rejected.map((r) => r.message)], [0, ['Say what is to be done.']]);
  await page.goto(`/instances/${instance}/rejections`);
  await settled(page);
  await page.getByRole('row', { name: /empty/ }).getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: /Refused write/ }).waitFor();
  await press('Edit it');
  await page.getByLabel(/^description/).fill('"eggs"');
  await press('Replay it as edited');
  await page.getByText(/1 replayed|replayed/).first().waitFor();
  assert.equal((await rows.find(eggs)).description, 'EGGS');
}

async function rollBack(page, press, instance, ada, rows) {
  await page.goto(`/instances/${instance}/deployments`);
  await settled(page);
  await press('Roll back to 2');
  await press('Activate 2', page.getByRole('dialog'));
  await page.getByRole('row', { name: /active/ }).filter({ hasText: '2' }).waitFor();
  await ada.write('todos', plain, `create {"description": "plain", "completed": 0, "owner_id": "ada"}`);
  assert.equal((await ada.upload()).queue, 0);
  assert.equal((await rows.find(plain)).description, 'plain');
}
