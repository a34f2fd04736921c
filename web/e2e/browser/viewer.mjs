// The dashboard for a teammate who was invited as Viewer: sees everything, changes nothing, and is told why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, launch, open, settled } from './browser.mjs';
import { inside } from './places.mjs';
import { rest } from './stack.mjs';

/** Pages that are about oneself: there a viewer may do what everybody may. */
const own = ['account', 'mailbox', 'new-organization'];

/** Buttons that end the walk rather than change anything. */
const leave = /^(Sign out|Demo|Ctrl K.*|Copy.*|Copied.*|Try again|Show more)$/;

export function viewerTests(dev, ids) {
  test('a viewer sees every page, and each forbidden control is disabled and says why', async () => {
    const call = rest(dev());
    const id = await ids();
    const invitation = await call('POST', `/orgs/${id.org}/invitations`, { email: 'viewer@turnkey.localhost', role: 'viewer' });
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/', '/api/v1/orgs'] });
      await joined(page, invitation, 'viewer@turnkey.localhost');
      const refused = [];
      const reasons = new Set();
      page.on('response', (r) => { if (r.request().method() !== 'GET' && r.status() === 403) refused.push(`${r.request().method()} ${new URL(r.url()).pathname}`); });
      for (const [name, path] of Object.entries(inside(id))) {
        if (own.includes(name)) continue;
        await page.goto(path);
        await settled(page);
        assert.equal(await page.locator('h1').count(), 1, `${name} is shown`);
        for (const reason of await disabled(page)) {
          assert.ok(reason.length > 5, `a control of ${name} is disabled and does not say why`);
          reasons.add(reason);
        }
        if (name === 'configuration') await readable(page, path);
        await tryEverything(page, name, path);
      }
      assert.deepEqual(refused, [], 'controls offered what the server refuses');
      assert.ok([...reasons].filter((r) => r.startsWith('You are Viewer here')).length >= 2, `reasons: ${[...reasons].join(' | ')}`);
    } finally {
      await browser.close();
    }
  });
}

/** Takes the invitation as its mail's reader would: by its link, with a new account. */
export async function joined(page, invitation, email) {
  await page.goto(new URL(invitation.url ?? `/invitation?token=${invitation.token}`, 'http://here').pathname + `?token=${encodeURIComponent(invitation.token)}`);
  await page.getByLabel('Your name').fill('Vera');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').first().fill('a viewer\'s long password');
  await page.getByRole('button', { name: /join|make the account/i }).click();
  await page.waitForURL((url) => !/invitation|signup/.test(url.pathname));
  await settled(page); // nothing of the way there is still being read when one goes on
}

/** The form's inputs are read only, not pale: a viewer reads them, reaches them by keyboard and is told why. */
async function readable(page, path) {
  for (const part of ['?table=todos', '?part=auth', '?part=source', '?part=hooks', '?part=keeping']) {
    await page.goto(path + part);
    await settled(page);
    await page.getByRole('tabpanel').locator('input').first().waitFor();
    assert.equal(await page.locator('main :is(input, select, textarea):disabled').count(), 0, `disabled inputs in ${part}`);
    const changed = await page.locator('main [role="tabpanel"] :is(input[type="text"], input:not([type]))').evaluateAll((all) => all.filter((e) => !e.readOnly).length);
    assert.equal(changed, 0, `inputs in ${part} that can be changed`);
    await accessible(page, `the configuration for a viewer, ${part}`);
  }
  await page.goto(path);
  await settled(page);
}

/** The reasons on what is forbidden here. */
function disabled(page) {
  return page.locator('main [aria-disabled="true"]:is(button, a)').evaluateAll((all) => all.map((e) => e.getAttribute('title') ?? e.getAttribute('aria-description') ?? ''));
}

/** Presses every button that is offered, and backs out of whatever that opens. */
async function tryEverything(page, name, path) {
  const count = await page.locator('main button:enabled:not([aria-disabled="true"])').count();
  for (let n = 0; n < Math.min(count, 40); n++) {
    const button = page.locator('main button:enabled:not([aria-disabled="true"])').nth(n);
    const label = (await button.innerText({ timeout: 500 }).catch(() => '')) || (await button.getAttribute('aria-label', { timeout: 500 }).catch(() => '')) || '';
    if (leave.test(label)) continue;
    await button.click({ timeout: 700, noWaitAfter: true }).catch(() => undefined); // gone or covered: not offered any more
    for (const sure of await page.getByRole('dialog').getByRole('button', { name: /^(?!cancel|close)/i }).all()) await sure.click({ timeout: 300 }).catch(() => undefined);
    await page.keyboard.press('Escape');
    if (!page.url().endsWith(path)) {
      await page.goto(path);
      await settled(page);
    }
  }
}
