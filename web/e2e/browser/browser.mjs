// A real Chromium, and what every page is held to: nothing on the console, no finding of axe.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { root } from './stack.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const candidates = [process.env.TURNKEY_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

export function chromiumPath() {
  const found = candidates.find((p) => p && existsSync(p));
  if (!found) throw new Error('no Chromium: install the package chromium, or set TURNKEY_CHROMIUM to the browser');
  return found;
}

export const launch = () => chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });

export const widths = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } };

/**
 * Opens a page in a session of its own and watches it: scripts that throw, requests that a policy stops and answers that
 * a page did not expect are collected in `page.trouble`. Expected refusals are named by `expect`.
 */
export async function open(browser, dev, { theme = 'light', width = 'wide', state, expect = [] } = {}) {
  const context = await browser.newContext({ baseURL: dev.dashboard_url, colorScheme: theme, viewport: widths[width], reducedMotion: 'reduce', storageState: state });
  context.setDefaultTimeout(120_000); // what comes, comes: how soon is said where it matters
  const page = await context.newPage();
  page.trouble = [];
  page.expect = [...expect];
  page.on('pageerror', (e) => page.trouble.push(`threw: ${e.message}`));
  page.on('console', (m) => {
    const text = `${m.text()} ${m.location().url}`;
    if (m.type() === 'error' && !page.expect.some((e) => text.includes(e))) page.trouble.push(text);
  });
  return page;
}

/** Signs in through the page and gives the session's state for other pages. */
export async function signIn(page, email, password) {
  page.expect.push('/auth/me', '/api/v1/orgs'); // asked before there is a session
  await page.goto('/signin');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: false }).first().fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
  return page.context().storageState();
}

/** Waits until a page has what it shows: its heading, and nothing that is still being read. */
export async function settled(page) {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[role="status"][aria-label^="Loading"]').length === 0);
}

/** Fails when axe finds anything, naming each finding's elements. options are axe's own. */
export async function accessible(page, what, options = {}) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate((o) => window.axe.run(document, { resultTypes: ['violations'], ...o }), options);
  const told = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `    ${n.html.slice(0, 200)} ${n.any.map((a) => a.message).join(' ').slice(0, 200)}`).join('\n')}`);
  assert.equal(told.length, 0, `axe on ${what}:\n${told.join('\n')}`);
}

/** A page may not be wider than its window: who reads on a phone does not scroll sideways. */
export async function fits(page, what) {
  const [have, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(have <= room + 1, `${what} is ${have} px wide in a window of ${room}`);
}

/** Keeps a picture below bin/screenshots. */
export async function picture(page, name) {
  const folder = join(root, 'bin/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
