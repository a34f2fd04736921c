// Cookies, the Content-Security-Policy and other sites' posts, as a browser sees them (design.md 11).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { launch, open, signIn } from './browser.mjs';

export function securityTests(dev) {
  test('a session is a cookie that no script reads and no other site sends', async () => {
    const browser = await launch();
    // Another site that tries what such sites try, in the browser of somebody who is signed in.
    const evil = createServer((_, w) => w.setHeader('Content-Type', 'text/html').end('<!doctype html><title>evil</title>'));
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    try {
      const page = await open(browser, dev());
      await signIn(page, dev().email, dev().password);
      const cookies = (await page.context().cookies()).filter((c) => c.name.includes('turnkey'));
      assert.equal(cookies.length, 1);
      assert.deepEqual([cookies[0].httpOnly, cookies[0].sameSite, cookies[0].path], [true, 'Lax', '/']);
      assert.equal(await page.evaluate(() => document.cookie), '');
      assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage).filter((k) => /session|token/i.test(k)), Object.keys(sessionStorage).filter((k) => /session|token/i.test(k))]), [[], []]);

      const other = await page.context().newPage();
      await other.goto(`http://127.0.0.1:${evil.address().port}/`);
      const posted = await other.evaluate(async (api) => {
        const tries = {};
        for (const [name, init] of Object.entries({ simple: { method: 'POST', body: '{}', headers: { 'Content-Type': 'text/plain' }, mode: 'no-cors' }, json: { method: 'POST', body: '{"name":"evil"}', headers: { 'Content-Type': 'application/json' } }, read: {} })) {
          try {
            const r = await fetch(api + (name === 'read' ? '/auth/me' : '/orgs'), { ...init, credentials: 'include' });
            tries[name] = r.type === 'opaque' ? 'opaque' : r.status;
          } catch {
            tries[name] = 'stopped';
          }
        }
        return tries;
      }, dev().api_url);
      assert.match(posted.simple, /^(stopped|opaque)$/); // sent perhaps, read never
      assert.deepEqual([posted.json, posted.read], ['stopped', 'stopped']);
      // A form of that site is a navigation: the browser may send a Lax cookie with none of its posts, and the server refuses what comes across.
      const arrived = other.waitForURL(dev().api_url + '/orgs');
      await other.evaluate((api) => {
        const form = Object.assign(document.createElement('form'), { method: 'POST', action: api + '/orgs', enctype: 'text/plain' });
        document.body.append(form);
        form.submit();
      }, dev().api_url);
      await arrived;
      assert.match(await other.evaluate(() => document.body.innerText), /cross_origin|403/);
      const orgs = await page.evaluate(() => fetch('/api/v1/orgs').then((r) => r.json()));
      assert.ok(!orgs.data.some((o) => o.name === 'evil'));

      await other.goto(`http://127.0.0.1:${evil.address().port}/`);
      const framed = await other.evaluate((url) => new Promise((resolve) => {
        const frame = Object.assign(document.createElement('iframe'), { src: url });
        frame.onload = () => { try { resolve(frame.contentDocument ? 'blank' : 'framed'); } catch { resolve('framed'); } };
        document.body.append(frame);
        setTimeout(() => resolve('nothing'), 5000);
      }), dev().dashboard_url);
      const frames = other.frames().filter((f) => f.url().startsWith(dev().dashboard_url));
      for (const f of frames) assert.equal(await f.locator('#root').count(), 0, `the dashboard was shown in a frame (${framed})`);
    } finally {
      evil.close();
      await browser.close();
    }
  });

  test('the policy stops scripts and styles that are not ours', async () => {
    const browser = await launch();
    try {
      const page = await open(browser, dev());
      page.expect.push('Content Security Policy', '/auth/me');
      await page.goto('/signin');
      const got = await page.evaluate(async () => {
        const stopped = [];
        document.addEventListener('securitypolicyviolation', (e) => stopped.push(e.effectiveDirective));
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.pwned=1"><iframe src="javascript:parent.pwned=1"></iframe>');
        document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.pwned=1' }));
        document.body.append(Object.assign(document.createElement('script'), { src: 'https://evil.example/x.js' }));
        document.head.append(Object.assign(document.createElement('style'), { textContent: 'body{display:none}' }));
        await fetch('https://evil.example/').catch(() => undefined);
        // From a timer: what the debugger itself calls may evaluate.
        setTimeout(() => { try { (0, eval)('window.pwned=1'); } catch { stopped.push('eval'); } });
        const want = ['connect-src', 'eval', 'script-src-attr', 'script-src-elem', 'style-src-elem'];
        for (let n = 0; n < 600 && !(n > 3 && want.every((w) => stopped.includes(w))); n++) await new Promise((r) => setTimeout(r, 100)); // what is not stopped runs meanwhile
        return { pwned: 'pwned' in window, stopped: [...new Set(stopped)].sort(), shown: getComputedStyle(document.body).display };
      });
      assert.equal(got.pwned, false);
      assert.equal(got.shown, 'block');
      for (const directive of ['connect-src', 'eval', 'script-src-attr', 'script-src-elem', 'style-src-elem']) assert.ok(got.stopped.includes(directive), `${directive} not in ${got.stopped}`);
    } finally {
      await browser.close();
    }
  });
}
