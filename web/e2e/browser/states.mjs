// What pages show when there is nothing yet, when names are odd, when the server says no or nothing, and to whom names of
// people are shown. One browser for all of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, launch, open, settled, signIn, widths } from './browser.mjs';
import { inside } from './places.mjs';
import { answers, rest } from './stack.mjs';
import { joined } from './viewer.mjs';

export function statesTests(dev, ids) {
  test('states that a page is seldom seen in', async (t) => {
    const id = await ids();
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/me', '/api/v1/orgs'] });
      await signIn(page, dev().email, dev().password);
      const walk = (name, go) => t.test(name, async () => {
        const expected = [...page.expect];
        await page.setViewportSize(widths.wide);
        try {
          await go();
          assert.deepEqual(page.trouble, []);
        } finally {
          page.expect = expected;
          page.trouble = [];
        }
      });
      await walk('nothing is there yet: each page says where to begin', () => firstDay(page));
      await walk('names without a space and from the right to the left', () => oddNames(page));
      await walk('what is not there is said to be so, without a button that cannot help', () => absent(page));
      await walk('a server that is gone is said over the page, and the page mends itself', () => gone(page, id));
      await walk('two who save one hook: the second is told what to do', () => twice(page, dev(), id));
      await walk('a member of one project reads who others are, and is refused nothing', () => colleague(browser, dev(), id));
    } finally {
      await browser.close();
    }
  });
}

/** A call that only people make, by whoever is signed in. */
const post = (page, path, body) => page.evaluate(async ([to, sent]) => {
  const r = await fetch(`/api/v1${to}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(sent) });
  return r.json();
}, [path, body]);

async function firstDay(page) {
  await page.setViewportSize(widths.narrow);
  const org = await post(page, '/orgs', { name: 'First day' });
  const project = await post(page, `/orgs/${org.id}/projects`, { name: 'App' });
  const empty = await post(page, `/orgs/${org.id}/projects`, { name: 'Empty' });
  const instance = await post(page, `/projects/${project.id}/instances`, { name: 'bare', kind: 'development' });
  const fresh = await post(page, '/orgs', { name: 'Nothing at all' });
  const at = inside({ org: org.id, instance: instance.id });
  const begin = 'Enable the backend';
  const pages = {
    [`/orgs/${fresh.id}`]: 'New project', [`/projects/${empty.id}`]: 'New instance',
    [at.overview]: begin, [at.connect]: begin, [at.deployments]: begin, [at.conflicts]: begin, [at.rejections]: begin, [at.deliveries]: begin, [at.playground]: begin,
    [at.logs]: undefined, [at.metrics]: undefined, [at.clients]: 'Connect an app', [at['go-live']]: undefined, [at.promote]: undefined,
  };
  page.expect.push('/connect'); // asked for what is not configured
  for (const [path, next] of Object.entries(pages)) {
    await page.goto(path);
    await settled(page);
    assert.equal(await page.locator('main [role="alert"].mantine-Alert-root').filter({ hasText: 'That did not work' }).count(), 0, `${path} calls it a failure that nothing is there`);
    if (next) await page.locator('main').getByRole('link', { name: next }).or(page.locator('main').getByRole('button', { name: next })).first().waitFor();
    if (next === begin) await accessible(page, `${path}, with nothing there`);
    await fits(page, path);
  }
}

async function oddNames(page) {
  for (const name of ['Averyveryverylongname'.repeat(5).slice(0, 100), 'منظمة الاختبار العربية שלום']) {
    const org = await post(page, '/orgs', { name });
    const project = await post(page, `/orgs/${org.id}/projects`, { name });
    const instance = await post(page, `/projects/${project.id}/instances`, { name, kind: 'development' });
    for (const path of [`/orgs/${org.id}`, `/projects/${project.id}`, `/instances/${instance.id}`]) {
      await page.goto(path);
      await settled(page);
      for (const [width, size] of Object.entries(widths)) {
        await page.setViewportSize(size);
        await page.getByRole('navigation', { name: 'Where you are' }).locator('visible=true').waitFor();
        await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => { requestAnimationFrame(drawn); }); })); // the other width is another layout
        const where = `${path}, ${width}, named ${name.slice(0, 12)}…`;
        await fits(page, where);
        assert.deepEqual(await page.evaluate(spills), [], where);
      }
    }
  }
}

/** Headings that are painted over what is beside them, and a way in the header that is higher than it. Runs in the page. */
function spills() {
  const wrong = [];
  for (const h of document.querySelectorAll('h1, h2')) if (h.scrollWidth > h.clientWidth + 1) wrong.push(`${h.tagName} is ${h.scrollWidth} px in ${h.clientWidth}`);
  const header = document.querySelector('header');
  const way = header.querySelector('nav');
  if (way && way.offsetHeight > header.offsetHeight) wrong.push(`the way is ${way.offsetHeight} px high in a header of ${header.offsetHeight}`);
  return wrong;
}

async function absent(page) {
  page.expect.push('404');
  for (const [path, said] of [
    ['/instances/ins_0000000000000000000000000', 'There is no such instance'], ['/projects/prj_0000000000000000000000000', 'There is no such project'],
    ['/projects/prj_0000000000000000000000000/new', 'There is no such project'], ['/orgs/org_0000000000000000000000000', 'There is no such organization'], ['/nothing/here', 'There is no such page'],
  ]) {
    await page.goto(path);
    await page.getByRole('heading', { name: said }).waitFor();
    await page.getByRole('link', { name: 'To the start' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0, path);
    assert.equal(await page.getByRole('link', { name: 'Overview' }).count(), 0, `${path} offers pages of what is not there`);
    await accessible(page, path);
  }
}

async function gone(page, id) {
  page.expect.push('Failed to load resource');
  const at = inside(id);
  const banner = page.getByRole('status').filter({ hasText: 'The server does not answer' });
  await page.goto(at.project);
  await settled(page);
  // As without a network, except that the page's own code is there.
  await page.route('**/api/**', (route) => route.abort('internetdisconnected'));
  await page.evaluate(() => window.dispatchEvent(new Event('offline')));
  await page.getByRole('link', { name: 'Members' }).first().click();
  await page.getByRole('alert').filter({ hasText: 'The server could not be reached.' }).first().waitFor(); // and does not wait without a word
  await banner.waitFor();
  await accessible(page, 'members, offline');
  await page.unroute('**/api/**');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await banner.waitFor({ state: 'hidden' });
  await page.getByRole('table', { name: 'Members' }).waitFor(); // without a button being pressed
  const refused = (status, body) => page.route(/\/attention|\/metrics\/series/, (route) => route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, request_id: 'req_x', ...body }) }));
  for (const [status, said, tries] of [[500, 'That did not work', 2], [403, 'Not for your role', 0]]) {
    await refused(status, { code: status === 403 ? 'forbidden' : 'internal', detail: 'In words.' });
    await page.goto(at.overview);
    await page.getByRole('alert').filter({ hasText: said }).nth(1).waitFor();
    await settled(page); // nothing waits for what does not come
    assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), tries);
    await page.unroute(/\/attention|\/metrics\/series/);
  }
}

async function twice(page, dev, id) {
  page.expect.push('412');
  await page.goto(inside(id).hooks);
  await settled(page);
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('// mine\n');
  const file = `/instances/${id.instance}/files/hooks/todos.ts`;
  const { body, headers } = await answers(dev)('GET', file);
  await rest(dev)('PUT', file, { content: `// theirs\n${body.content}` }, { 'If-Match': headers.get('etag') });
  await page.keyboard.press('Control+s');
  const told = page.getByRole('alert').filter({ hasText: 'Somebody else changed hooks/todos.ts meanwhile.' });
  await told.waitFor();
  assert.ok(!/If-Match|ETag|412/.test(await page.locator('body').innerText()), 'the page speaks of headers');
  await page.getByRole('button', { name: 'Show the differences' }).click();
  await page.getByText('// theirs').first().waitFor();
  await page.getByRole('button', { name: 'Take theirs' }).click();
  await page.getByRole('button', { name: 'Show the differences' }).waitFor({ state: 'detached' });
  await rest(dev)('PUT', file, { content: body.content }); // as it was, for who looks next
}

async function colleague(browser, dev, id) {
  const call = rest(dev);
  const invitation = await call('POST', `/orgs/${id.org}/invitations`, { email: 'one-project@turnkey.localhost', role: 'developer', projects: [id.project] });
  const page = await open(browser, dev, { expect: ['/auth/', '/api/v1/orgs', '/shadow'] });
  const refused = [];
  page.on('response', (r) => { if (r.status() === 403) refused.push(`${r.request().method()} ${new URL(r.url()).pathname}`); });
  await joined(page, invitation, 'one-project@turnkey.localhost');
  const at = inside(id);
  for (const name of ['configuration', 'conflict', 'keys', 'secrets', 'tokens', 'members', 'alerts', 'exports']) {
    await page.goto(at[name]);
    await settled(page);
    if (name === 'secrets') await page.getByText(/by Demo/).first().waitFor(); // by name, not by id
    await fits(page, name);
  }
  assert.deepEqual([...refused, ...page.trouble], []);
}
