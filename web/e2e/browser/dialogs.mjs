// Everything that opens over a page, opened: axe in both themes, and a keyboard that gets in, stays in, and gets out again.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, launch, open, settled, signIn } from './browser.mjs';
import { inside } from './places.mjs';
import { root } from './stack.mjs';
import { opening, surfaces } from './surfaces.mjs';

const source = join(root, 'web/app/src');

export function dialogsTests(dev, ids) {
  test('the list of what opens over pages is the source\'s', () => {
    const files = readdirSync(source, { recursive: true }).filter((f) => /\.tsx?$/.test(f));
    const renders = files.filter((f) => readFileSync(join(source, f), 'utf8').search(opening) >= 0).map((f) => f.replaceAll('\\', '/'));
    const listed = new Set(surfaces.map((s) => s.file));
    assert.deepEqual(renders.filter((f) => !listed.has(f)), [], 'these open something that nobody looks at');
    assert.deepEqual([...listed].filter((f) => !renders.includes(f)), [], 'these open nothing');
  });

  test('whatever opens over a page is accessible in both themes, and the keyboard goes in and comes back', async () => {
    const id = await ids();
    const browser = await launch();
    const wrong = [];
    try {
      const page = await open(browser, dev(), { expect: ['/auth/me', '/api/v1/orgs', '/shadow', '/test', '412'] });
      await signIn(page, dev().email, dev().password);
      let there = '';
      for (const s of surfaces) {
        try {
          const path = inside(id)[s.at] + (s.query ?? '');
          if (path !== there) await page.goto(path);
          there = path;
          await settled(page);
          await s.before?.(page, { dev: dev(), id });
          await look(page, s);
          await s.after?.(page);
        } catch (e) {
          wrong.push(`${s.name}: ${e.message}`);
          there = ''; // whatever is still open goes with the page
          await page.emulateMedia({ colorScheme: 'light' });
        }
      }
      await page.goto(inside(id).hooks);
      await settled(page);
      await leavesTheEditor(page).catch((e) => wrong.push(`the editor: ${e.message}`));
      assert.deepEqual([...wrong, ...page.trouble], []);
    } finally {
      await browser.close();
    }
  });
}

/** The editor takes Tab for itself; Escape, then Tab, leads out of it, and the page says so. */
async function leavesTheEditor(page) {
  const editor = page.locator('.cm-content');
  await editor.click();
  const help = await editor.getAttribute('aria-describedby');
  assert.match(await page.locator(`[id="${help}"]`).innerText(), /Escape, then Tab/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  assert.ok(!(await focused(page.locator('.cm-editor'))), 'Tab stays in the editor');
}

/** Opens one and goes through what it promises. */
async function look(page, s) {
  const opener = s.opener(page);
  const shown = s.shown?.(page) ?? (s.kind === 'menu' ? page.getByRole('menu') : page.getByRole('dialog').last());
  if (s.open) await s.open(page);
  else await opener.click();
  await shown.waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[role="status"][aria-label^="Loading"]').length === 0);
  if (s.kind === 'modal' || s.kind === 'menu') await focusIn(page, shown);
  if (s.kind === 'modal') await trapped(page, shown);
  const popped = s.kind === 'menu' || s.kind === 'list' || s.kind === 'editor';
  await accessible(page, `${s.name}, light`, popped ? { rules: notOfPopups } : {});
  await themed(page, 'dark');
  await accessible(page, `${s.name}, dark`, { runOnly: ['color-contrast'] });
  await themed(page, 'light');
  await page.keyboard.press('Escape');
  await shown.waitFor({ state: 'hidden' });
  if (s.kind === 'list') return assert.ok(await focused(opener), 'the focus has left the input');
  if (s.elsewhere) return undefined;
  await page.waitForFunction((e) => document.activeElement === e, await opener.elementHandle()).catch(() => assert.fail('the focus does not come back to what opened it'));
}

/** What pops up belongs to its input or button, not to a landmark; its options are reached by arrow keys. */
const notOfPopups = { region: { enabled: false }, 'scrollable-region-focusable': { enabled: false } };

/** Changes the theme as the system would, and waits until everything has it. */
async function themed(page, scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction((s) => document.documentElement.dataset.mantineColorScheme === s && document.getAnimations().every((a) => a.effect?.getTiming().iterations === Infinity), scheme);
}

const focused = (locator) => locator.evaluate((e) => e === document.activeElement || e.contains(document.activeElement));

async function focusIn(page, shown) {
  await page.waitForFunction((e) => e.contains(document.activeElement), await shown.elementHandle()).catch(() => assert.fail('the focus does not go in'));
}

/** Tab from the last goes to the first, and back. */
async function trapped(page, shown) {
  for (const key of ['Shift+Tab', 'Shift+Tab', 'Tab', 'Tab', 'Tab']) {
    await page.keyboard.press(key);
    assert.ok(await focused(shown), `${key} leaves it`);
  }
}
