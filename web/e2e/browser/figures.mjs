// What a person waits for: the first load, and a key typed in the editor. Printed, and held to bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, settled, signIn } from './browser.mjs';

const kB = 1000;

/** How long a key takes to be drawn; none: a frame alone. */
const drawn = (page, key) => page.evaluate(async (k) => {
  const start = performance.now();
  if (k) document.execCommand('insertText', false, k);
  await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
  return performance.now() - start;
}, key);

export function figuresTests(dev) {
  test('the first load is small, and the editor keeps up with typing', async (t) => {
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: ['/auth/'] });
      const cdp = await page.context().newCDPSession(page);
      await cdp.send('Network.enable');
      let received = 0;
      cdp.on('Network.loadingFinished', (e) => { received += e.encodedDataLength; });
      const began = Date.now();
      await page.goto('/signin');
      await page.getByLabel('E-mail address').waitFor();
      const shown = Date.now() - began;
      await page.waitForLoadState('networkidle');
      const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
      const first = received;

      await signIn(page, dev().email, dev().password);
      const instance = dev().instances.find((i) => i.source === 'mongodb');
      await page.goto(`/instances/${instance.id}/hooks`);
      await settled(page);
      await page.getByRole('button', { name: 'New file' }).first().click();
      await page.getByRole('dialog').getByRole('button', { name: 'Make the file' }).click();
      const editor = page.locator('.cm-content').first();
      await editor.click();
      await page.waitForLoadState('networkidle'); // TypeScript has been loaded
      const [delays, frames] = [[], []]; // with a key, and with none: what the machine makes of a frame
      for (const key of 'const answer = write.data;') {
        delays.push(await drawn(page, key));
        frames.push(await drawn(page, ''));
      }
      const [median, frame] = [delays, frames].map((all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]);
      const worst = Math.max(...delays);
      t.diagnostic(`first load: ${(first / kB).toFixed(0)} kB received, painted after ${paint.toFixed(0)} ms, usable after ${shown} ms; editor: a key is drawn after ${median.toFixed(1)} ms (median), ${worst.toFixed(1)} ms (worst of ${delays.length}), a frame without one after ${frame.toFixed(1)} ms`);
      assert.ok(first < 250 * kB, `the first load is ${first} bytes`);
      assert.ok(median < 100 + 4 * frame, `a key is drawn after ${median} ms, a frame without one after ${frame} ms`);
      assert.deepEqual(page.trouble, []);
    } finally {
      await browser.close();
    }
  });
}
