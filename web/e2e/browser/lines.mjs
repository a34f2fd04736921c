// The most lines that the log page keeps, all at once: they scroll, and only those in sight are drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, settled, signIn } from './browser.mjs';

const most = 50_000;

const line = (n) => ({ id: `log_${String(n).padStart(9, '0')}`, at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(), kind: 'hook', level: n % 1000 === 0 ? 'error' : 'info', outcome: 'noted', message: `line ${n}`, request_id: `req_${Math.floor(n / 5)}` });

export function linesTests(dev) {
  test(`${most} lines of the log scroll, and only those in sight are drawn`, async () => {
    const instance = dev().instances.find((i) => i.source === 'mongodb').id;
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/me', '/logs'] });
      await signIn(page, dev().email, dev().password);
      // A log that is full: one line that was there, and all others at once as the page follows.
      let sent = false;
      await page.route(/\/logs\?/, (route) => {
        if (!route.request().url().includes('follow=true')) return route.fulfill({ json: { data: [line(0)], next_cursor: null } });
        if (sent) return route.fulfill({ status: 204 }); // no more: the page need not ask again
        sent = true;
        return route.fulfill({ contentType: 'text/event-stream', body: Array.from({ length: most - 1 }, (_, n) => `data: ${JSON.stringify(line(n + 1))}\n\n`).join('') });
      });
      await page.goto(`/instances/${instance}/logs`);
      await settled(page);
      const list = page.getByRole('region', { name: 'Log lines' });
      await page.getByText(/^50K lines/).first().waitFor();
      await list.getByText(`line ${most - 1}`, { exact: true }).waitFor(); // it has followed to the end
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
