// The journey of issue and design: from signing up to a rolled-back hook, in a browser, with the real SDK as the app.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, picture, settled } from './browser.mjs';
import { startDevices } from './sdk.mjs';

/** The most that all of it may take, in seconds, once the server runs. */
const limit = 180;

export function journeyTests(dev) {
  test('from a new account to a rolled-back hook, in the browser, within three minutes', async (t) => {
    const browser = await launch();
    const devices = startDevices();
    const began = Date.now();
    const page = await open(browser, dev(), { expect: ['/auth/me', '/api/v1/orgs'] });
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
      t.diagnostic(`all of it: ${((Date.now() - began) / 1000).toFixed(1)} s`);
      assert.ok((Date.now() - began) / 1000 < limit, 'the journey took too long');
      assert.deepEqual(page.trouble, []);
      assert.ok(instance);
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
