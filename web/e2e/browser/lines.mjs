// The most lines that the log page keeps, all at once: they scroll, and only those in sight are drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, settled, signIn } from './browser.mjs';

const most = 50_000;
/** How many of them come last, by themselves. */
const last = 100;

const line = (n) => ({ id: `log_${String(n).padStart(9, '0')}`, at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(), kind: 'hook', level: n % 1000 === 0 ? 'error' : 'info', outcome: 'noted', message: `line ${n}`, request_id: `req_${Math.floor(n / 5)}` });

export function linesTests(dev) {
  test(`${most} lines of the log scroll, and only those in sight are drawn`, async () => {
    const instance = dev().instances.find((i) => i.source === 'mongodb').id;
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/me', '/logs'] });
      await signIn(page, dev().email, dev().password);
      // A log that is full: one line that was there, most others at once as the page follows, and the last ones when they are let go.
      const events = (from, to) => Array.from({ length: to - from }, (_, n) => `data: ${JSON.stringify(line(from + n))}\n\n`).join('');
      let letGo;
      const gone = new Promise((done) => { letGo = done; });
      let asked = 0;
      await page.route(/\/logs\?/, async (route) => {
        if (!route.request().url().includes('follow=true')) return route.fulfill({ json: { data: [line(0)], next_cursor: null } });
        asked++;
        if (asked === 1) return route.fulfill({ contentType: 'text/event-stream', body: `retry: 10\n\n${events(1, most - last)}` });
        if (asked > 2) return route.fulfill({ status: 204 }); // no more: the page need not ask again
        await gone;
        return route.fulfill({ contentType: 'text/event-stream', body: events(most - last, most) });
      });
      await page.goto(`/instances/${instance}/logs`);
      await settled(page);
      const list = page.getByRole('region', { name: 'Log lines' });
      await list.getByText(`line ${most - last - 1}`, { exact: true }).waitFor(); // it has followed to the end
      // Lines that come between the page's own scrolling and the event of it do not make it stay behind.
      await list.evaluate((e) => {
        const all = e.firstElementChild;
        all.style.height = `${all.clientHeight + 1000}px`;
        e.dispatchEvent(new Event('scroll'));
      });
      letGo();
      await page.getByText(/^50K lines/).first().waitFor();
      await list.getByText(`line ${most - 1}`, { exact: true }).waitFor();
      assert.equal(await page.getByRole('table', { name: 'Log' }).getAttribute('aria-rowcount'), String(most + 1));
      await list.evaluate((e) => { e.scrollTop = 0; });
      await list.getByText('line 0', { exact: true }).waitFor();
      await list.evaluate((e) => { e.scrollTop = e.scrollHeight / 2; });
      await list.getByText(`line ${most / 2}`, { exact: true }).waitFor();
      const drawn = await page.locator('[role="row"]').count();
      assert.ok(drawn < 120, `${drawn} rows are drawn`);
      // By keyboard, too.
      await list.focus();
      await page.keyboard.press('End');
      await list.getByText(`line ${most - 1}`, { exact: true }).waitFor();
      await page.getByRole('switch', { name: 'Group by request' }).check({ force: true });
      await list.getByText('line 49995 (5 lines)').waitFor();
      assert.ok(await page.locator('[role="row"]').count() < 120);
      assert.deepEqual(page.trouble, []);
    } finally {
      await browser.close();
    }
  });
}
