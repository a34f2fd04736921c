// How people come in: by an identity provider, in two steps, with a passkey; in a browser, against a mock provider that is
// a process of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { accessible, fits, launch, open, settled, signIn } from './browser.mjs';
import { root, startStack } from './stack.mjs';

/** Starts the mock provider; gives the setting that names it, and stop(). */
async function startProvider() {
  const child = spawn('go', ['run', './cmd/oidctest'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const config = await Promise.race([
    new Promise((resolve) => { let said = ''; child.stdout.on('data', (d) => { said += d; if (said.includes('\n')) resolve(said.trim()); }); }),
    ended.then(() => { throw new Error('the mock provider did not start'); }),
  ]);
  return { config, stop: async () => { process.kill(-child.pid, 'SIGTERM'); await ended; } }; // go run and what it runs
}

export function accountTests() {
  test('signing in: a provider, two steps, a passkey, sessions', { timeout: 900_000 }, async (t) => {
    const provider = await startProvider();
    const began = Date.now();
    const dev = await startStack({ TURNKEY_OIDC_CONFIG: provider.config, TURNKEY_OIDC_ALLOW_PRIVATE_NETWORKS: 'true' });
    const browser = await launch();
    try {
      await t.test('with a provider, as a stranger', () => byProvider(browser, dev));
      await t.test('a provider that refuses is told in words', () => refusedByProvider(browser, dev));
      await t.test('a session that ends under a page takes nothing with it', () => endsUnderAPage(browser, dev));
      await t.test('in two steps', () => inTwoSteps(browser, dev));
      await t.test('with a passkey', () => byPasskey(browser, dev));
      await allowed(began);
      await t.test('a provider is linked and unlinked, and the address changes', () => changes(browser, dev));
    } finally {
      await browser.close();
      await dev.stop();
      await provider.stop();
    }
  });
}

const expected = ['/auth/me', '/api/v1/orgs', 'event handlers, style attributes', 'favicon.ico']; // the mock has no icon
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

async function byProvider(browser, dev) {
  const page = await open(browser, dev, { expect: expected });
  await page.goto('/signin?next=%2Faccount');
  await page.getByRole('link', { name: /Sign in with.*Mock provider/ }).click();
  await page.getByRole('heading', { name: 'Mock identity provider' }).waitFor();
  await page.getByLabel('E-mail address').fill('grace@example.com');
  await page.getByLabel('Name').fill('Grace');
  await press(page, 'Sign in');
  await page.waitForURL('**/account');
  await settled(page);
  await page.getByText('grace@example.com, verified').waitFor();
  await page.getByRole('region', { name: 'Linked identity providers' }).getByText('mock').waitFor();
  await page.getByText('Your account has none').waitFor();
  const names = (await page.context().cookies()).map((c) => `${c.name} ${c.httpOnly} ${c.sameSite}`);
  assert.deepEqual(names, ['turnkey_session true Lax'], 'nothing is left of the way there');
  await accessible(page, 'the account of somebody from a provider');
  assert.deepEqual(page.trouble, []);
}

/** One address has 20 attempts a minute to prove who it is. By here 19 were made and 7 are to come: a fast machine has to wait for them. */
const allowed = (began) => new Promise((resolve) => setTimeout(resolve, Math.max(0, began + 25_000 - Date.now())));

/** Somebody of their own: attempts to prove who one is are counted, by account and by address. */
async function changes(browser, dev) {
  const page = await open(browser, dev, { expect: expected });
  const password = 'a password of their own';
  await page.goto('/signin');
  await page.evaluate((p) => fetch('/api/v1/auth/signup', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: 'mover@example.com', name: 'Mo Mover', password: p }) }), password);
  await link(page, password);
  await move(page, password);
  assert.deepEqual(page.trouble, []);
}

async function link(page, password) {
  await page.goto('/account');
  await settled(page);
  const section = page.getByRole('region', { name: 'Identity providers', exact: true });
  await section.getByRole('link', { name: /Link an account at.*Mock provider/ }).click();
  await page.getByRole('heading', { name: 'Mock identity provider' }).waitFor();
  await page.getByLabel('E-mail address').fill('work@example.com');
  await press(page, 'Sign in');
  await page.waitForURL('**/account?link=mock&**');
  await settled(page);
  await accessible(page, 'a provider to link');
  await section.getByLabel('Your password').fill(password);
  await press(page, 'Link it');
  await section.getByRole('cell', { name: 'work@example.com', exact: true }).waitFor();
  await page.waitForURL((url) => !url.search.includes('identity=')); // what links does not stay in the address
  await press(page, 'Unlink mock, work@example.com');
  await section.getByLabel('Your password').fill(password);
  await press(page, 'Unlink it');
  await section.getByRole('cell', { name: 'work@example.com', exact: true }).waitFor({ state: 'detached' });
}

async function move(page, password) {
  await page.goto('/account');
  await settled(page);
  await press(page, 'Change the address');
  const section = page.getByRole('region', { name: 'Profile', exact: true });
  await section.getByLabel('New e-mail address').fill('moved@example.com');
  await section.getByLabel('Your password').fill(password);
  await accessible(page, 'changing the address');
  await press(page, 'Send the link');
  await section.getByText('Look for a mail at the new address').waitFor();
  await section.getByRole('link', { name: 'Open the development mailbox' }).click();
  await page.getByRole('article', { name: 'Your account: somebody asked to change its e-mail address' }).first().waitFor();
  await page.getByRole('article', { name: 'Confirm your new e-mail address' }).first().getByRole('link', { name: 'Open the link in it' }).click();
  await page.getByText("is your account's address now.").waitFor();
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.goto('/account');
  await settled(page);
  await page.getByText('moved@example.com, verified').waitFor();
}

async function refusedByProvider(browser, dev) {
  const page = await open(browser, dev, { expect: expected });
  await page.goto('/signin');
  await page.getByRole('link', { name: /Sign in with.*Mock provider/ }).click();
  await page.getByRole('button', { name: 'Refuse' }).click();
  await page.waitForURL('**/signin?error=provider_refused');
  await page.getByRole('alert').getByText('The provider did not sign you in.').waitFor();
  await accessible(page, 'a refused sign-in');
  await page.goto('/signin?error=' + encodeURIComponent('Call +1 555 0100 now'));
  await page.getByRole('alert').waitFor();
  assert.ok(!(await page.locator('body').innerText()).includes('555'), 'the page repeats what somebody wrote into the address');
  assert.deepEqual(page.trouble, []);
}

async function endsUnderAPage(browser, dev) {
  const page = await open(browser, dev, { expect: [...expected, '401', '/api/v1/'] });
  await signIn(page, dev.email, dev.password);
  await page.goto('/account');
  await settled(page);
  const name = page.getByRole('textbox', { name: 'Your name' });
  await name.fill('Typed and not saved');
  await page.context().clearCookies();
  await press(page, 'Change it');
  const dialog = page.getByRole('dialog', { name: 'You are signed out' });
  await dialog.waitFor();
  await accessible(page, 'a session that ended');
  await press(page, 'I have signed in');
  await dialog.getByText('You are still signed out.').waitFor();
  const tab = page.context().waitForEvent('page');
  await dialog.getByRole('link', { name: 'Sign in in another tab' }).click();
  const other = await tab;
  await other.getByLabel('E-mail address').fill(dev.email);
  await other.getByLabel('Password').first().fill(dev.password);
  await press(other, 'Sign in');
  await other.waitForURL('**/account');
  await other.close();
  const closed = dialog.waitFor({ state: 'detached' });
  await Promise.race([press(page, 'I have signed in').catch(() => undefined), closed]); // coming back may have been noticed already
  await closed;
  assert.equal(await name.inputValue(), 'Typed and not saved');
  assert.deepEqual(page.trouble, []);
}

/** What an authenticator app shows for a key, now. */
function code(key, at = Date.now()) {
  const bits = [...key].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', secret).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

async function inTwoSteps(browser, dev) {
  const page = await open(browser, dev, { expect: [...expected, '/auth/login'] });
  await signIn(page, dev.email, dev.password);
  await page.goto('/account');
  await settled(page);
  await press(page, 'Add an authenticator app');
  const section = page.getByRole('region', { name: 'Sign-in in two steps' });
  await section.getByLabel('Your password').fill(dev.password);
  await press(page, 'Go on');
  await section.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
  await accessible(page, 'adding an authenticator app');
  const key = await section.locator('code').innerText();
  const used = code(key);
  await section.getByLabel('The code that the app shows now').fill(used);
  await press(page, 'Confirm');
  const recovery = (await section.getByLabel('recovery codes', { exact: true }).innerText()).trim().split('\n');
  assert.equal(recovery.length, 10);
  await accessible(page, 'recovery codes');
  await press(page, 'I have kept them');
  await section.getByText('10 recovery codes are left.').waitFor();

  const second = await open(browser, dev, { width: 'narrow', expect: [...expected, '/auth/login'] });
  await second.goto('/signin?next=%2Faccount');
  await second.getByLabel('E-mail address').fill(dev.email);
  await second.getByLabel('Password').first().fill(dev.password);
  await press(second, 'Sign in');
  await second.getByRole('heading', { name: 'One more step' }).waitFor().catch(async (e) => { throw new Error(`${e.message}\n${await second.locator('body').innerText()}\n${second.trouble.join('\n')}`); });
  await accessible(second, 'the second step');
  await second.getByLabel('Code').fill(used); // the one that confirmed is used up
  await press(second, 'Sign in');
  await second.getByText('That code is not right, or was used before.').waitFor();
  await second.getByLabel('Code').fill(recovery[0].toUpperCase());
  await press(second, 'Sign in');
  await second.waitForURL('**/account');
  await settled(second);
  await second.getByText('9 recovery codes are left.').waitFor();
  await fits(second, 'the account on a phone');
  await accessible(second, 'the account on a phone');

  await page.reload();
  await settled(page);
  const rows = page.getByRole('region', { name: 'Sessions', exact: true }).getByRole('row');
  assert.ok(await rows.count() >= 3, 'two browsers are listed');
  await press(page, 'Sign out everywhere else');
  await press(page, 'Sign out the others');
  await page.getByText(/(One browser is|\d+ browsers are) signed out\./).waitFor(); // who made the demo's account is one, too
  await second.reload();
  await second.waitForURL('**/signin**');

  await section.getByRole('button', { name: 'Remove the app' }).click();
  await section.getByLabel('Your password').fill(dev.password);
  await press(page, 'Remove the app');
  await section.getByRole('button', { name: 'Add an authenticator app' }).waitFor();
  assert.deepEqual([...page.trouble, ...second.trouble], []);
}

async function byPasskey(browser, dev) {
  const page = await open(browser, dev, { expect: [...expected, '/auth/login'] });
  const devices = await page.context().newCDPSession(page);
  await devices.send('WebAuthn.enable');
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await signIn(page, dev.email, dev.password);
  await page.goto('/account');
  await settled(page);
  await press(page, 'Add a passkey');
  const section = page.getByRole('region', { name: 'Passkeys', exact: true });
  await section.getByLabel('Name of the device').fill('Test device');
  await section.getByLabel('Your password').fill(dev.password);
  await press(page, 'Add it');
  await section.getByRole('cell', { name: /^Test device/ }).waitFor();
  await accessible(page, 'passkeys');

  await page.evaluate(() => fetch('/api/v1/auth/logout', { method: 'POST' }));
  await page.goto('/signin');
  await press(page, 'Sign in with a passkey');
  await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
  await page.goto('/account');
  await settled(page);
  await page.getByText(`${dev.email}, verified`).waitFor();
  await press(page, 'Remove Test device');
  await press(page, 'Remove it');
  await section.getByRole('cell', { name: /^Test device/ }).waitFor({ state: 'detached' });
  assert.deepEqual(page.trouble, []);
}
