// Fifty attacks on what is displayed: stored everywhere that somebody else's text is kept, then looked at everywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attacks, unsafe } from './attacks.mjs';
import { fits, launch, open, settled, signIn } from './browser.mjs';
import { likeDemo, rest, upload } from './stack.mjs';

const hook = `export default {
  beforeWrite(write, ctx) {
    const name = String(write.data?.name ?? '');
    ctx.log.info(name);
    ctx.reject('attack', name, { name });
  },
} satisfies Hooks<"lists">;
`;

/** Nothing ran, nothing was made of it, and nothing is on the page that is not seen. */
async function harmless(page, what) {
  const found = await page.evaluate((pattern) => {
    const shown = [document.title, document.body.innerText];
    for (const e of document.querySelectorAll('[title],[aria-label],[placeholder]')) shown.push(e.getAttribute('title') ?? '', e.getAttribute('aria-label') ?? '', e.getAttribute('placeholder') ?? '');
    const hidden = shown.map((t) => t.match(new RegExp(pattern, 'u'))).find((m) => m);
    return {
      ran: 'pwned' in window || 'pwned' in Object.prototype,
      made: document.querySelectorAll('[data-pwned]').length,
      links: [...document.querySelectorAll('a[href]')].map((a) => a.href).filter((h) => !/^https?:\/\/(localhost|127\.0\.0\.1)[:/]/.test(h) && !/^https:\/\/[\w.-]*powersync\.com\//.test(h)),
      hidden: hidden ? hidden[0].codePointAt(0).toString(16) : '',
    };
  }, unsafe);
  assert.deepEqual(found, { ran: false, made: 0, links: [], hidden: '' }, what);
  await fits(page, what);
}

export function displayTests(dev) {
  test(`${attacks.length} attacks on what is displayed do nothing and are shown as text`, async () => {
    const call = rest(dev());
    const me = await call('GET', '/auth/me');
    const org = me.organizations[0].organization;
    const nasty = attacks.map((a) => a.replaceAll('\u0000', '')).filter((a) => [...a].length <= 100);
    const project = await call('POST', `/orgs/${org}/projects`, { name: attacks[2] });
    for (const name of nasty.slice(0, 25)) await call('POST', `/orgs/${org}/projects`, { name }).catch(refused);
    for (const name of nasty.slice(25)) await call('POST', `/orgs/${org}/tokens`, { name, permissions: ['project:read'], expires_in: '24h' }).catch(refused);

    // An instance of its own: what its first deployment refuses, no brake takes back.
    const instance = await likeDemo(dev(), call, project.id, attacks[0].slice(0, 60), { 'hooks/lists.ts': hook });
    for (const [n, attack] of attacks.entries()) {
      const id = (0x65f0c0ffee00 * 2 ** 0 + n).toString(16).padStart(24, '0');
      await upload(instance, await known(instance, attack.slice(0, 60)), [{ crud: [{ op: 'PUT', table: 'lists', id, op_id: n + 1, op_data: { name: attack, owner_id: attack.slice(0, 60) } }] }],
        { client: { id: attack.slice(0, 60), sdk: attack.slice(0, 60), app_version: attack.slice(0, 30), last_error: attack } });
    }
    const browser = await launch();
    try {
      const page = await open(browser, dev());
      page.on('dialog', (d) => { page.trouble.push(`dialog: ${d.message()}`); void d.dismiss(); });
      await signIn(page, dev().email, dev().password);
      const at = `/instances/${instance.id}`;
      const places = [`/orgs/${org}`, `/projects/${project.id}`, `/orgs/${org}/tokens`, `/orgs/${org}/audit`, `${at}/deployments`, `${at}/rejections`, `${at}/logs`, `${at}/clients`, `${at}/metrics`, at];
      for (const path of places) {
        await page.goto(path);
        await settled(page);
        await harmless(page, path);
      }
      const { data } = await call('GET', `/instances/${instance.id}/rejections?limit=100`);
      assert.ok(data.length >= attacks.length - 2, `${data.length} rejections of ${attacks.length} attacks`);
      for (const r of data.filter((r) => r.error_code === 'attack').slice(0, attacks.length)) {
        await page.goto(`${at}/rejections/${encodeURIComponent(r.id)}`);
        await settled(page);
        await harmless(page, `rejection ${JSON.stringify(r.message).slice(0, 60)}`);
      }
      assert.deepEqual(page.trouble, []);
    } finally {
      await browser.close();
    }
  });
}

/** What the API itself does not take as a name is no attack on the page. */
function refused(e) {
  assert.match(e.message, /: 422 /);
}

/** The user of that name, or one that there is, where tokens refuse to name it. */
async function known(instance, user) {
  const answer = await fetch(`${instance.url}/token?user_id=${encodeURIComponent(user)}`);
  return answer.ok ? user : 'demo';
}
