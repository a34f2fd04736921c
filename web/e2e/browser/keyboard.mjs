// The first run by keyboard alone, from signing up to the first write: Tab, Enter and Space, and what is typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, settled } from './browser.mjs';
import { upload } from './stack.mjs';

export function keyboardTests(dev) {
  test('from a new account to the first write without a mouse', async () => {
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/me', '/api/v1/orgs'] });
      await signUp(page);
      await makeInstance(page);
      await enable(page);
      await firstWrite(page);
      assert.deepEqual(page.trouble, []);
    } finally {
      await browser.close();
    }
  });
}

/** Goes on by Tab until a control has the focus, and shows it. */
async function reach(page, control) {
  await control.waitFor();
  for (let n = 0; n < 80; n++) {
    if (await control.evaluate((e) => e === document.activeElement)) {
      assert.ok(await control.evaluate((e) => e.matches(':focus-visible')), `nobody sees that ${control} has the focus`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${control}`);
}

const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' }).first();
const link = (page, name) => page.getByRole('link', { name, exact: true }).first();

async function press(page, control, key = 'Enter') {
  await reach(page, control);
  await page.keyboard.press(key);
}

async function fill(page, label, text) {
  await reach(page, page.getByRole('textbox', { name: label }).or(page.getByLabel(label, { exact: true })).first());
  await page.keyboard.type(text);
}

async function signUp(page) {
  await page.goto('/signup');
  await fill(page, 'E-mail address', 'keys@example.com');
  await fill(page, 'Your name', 'Kay');
  await fill(page, 'Password', 'only with the keyboard');
  await fill(page, 'Organization', 'Keys');
  await press(page, button(page, 'Make the account'), 'Space');
  await page.waitForURL(/\/orgs\//);
  await press(page, link(page, 'Open the development mailbox'));
  await press(page, page.getByRole('article').filter({ hasText: 'keys@example.com' }).getByRole('link', { name: 'Open the link in it' }));
  await page.getByText('keys@example.com is verified').waitFor();
  await press(page, link(page, 'Go on'));
  await page.waitForURL(/\/orgs\//);
}

async function makeInstance(page) {
  await press(page, button(page, 'New project'));
  const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
  await name.waitFor();
  await page.waitForFunction((e) => document.activeElement === e, await name.elementHandle()); // a dialog begins in its field
  await page.keyboard.type('Todo');
  await page.keyboard.press('Enter');
  await press(page, link(page, 'New instance'));
  await fill(page, 'Name', 'by-keyboard');
  await press(page, button(page, 'Make it and go on'));
  await page.waitForURL(/\/enable/);
}

async function enable(page) {
  await press(page, button(page, /^Use .*mongo/i));
  await press(page, button(page, 'Store it and go on'));
  const at = (title) => page.getByRole('heading', { name: title }).waitFor();
  await at('Tables that devices write');
  await press(page, button(page, /^Go on with/));
  await at('Who may write');
  await press(page, button(page, 'Go on'));
  await at('How users are identified');
  await press(page, button(page, 'Go on'), 'Space');
  await press(page, button(page, /^None yet: use/));
  await press(page, button(page, 'Deploy and connect an app'));
  await page.waitForURL(/\/connect/);
  await settled(page);
}

async function firstWrite(page) {
  const url = /http\S*\/i\/[a-z0-9-]+/.exec(await page.getByText(/\/i\/[a-z0-9-]+\/api\/data/).first().innerText())[0];
  await upload({ url }, 'kay', [{ crud: [{ op: 'PUT', table: 'lists', id: '65f0c0ffee00000000002222', op_id: 1, op_data: { name: 'Without a mouse', owner_id: 'kay' } }] }]);
  await page.getByText(/^Done: A write was applied/).waitFor(); // seen without a key being pressed
}
