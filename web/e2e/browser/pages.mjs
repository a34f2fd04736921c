// Every page in both themes and two widths: axe, nothing on the console, nothing wider than the window; and a picture on demand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, fits, launch, open, picture, settled, signIn, widths } from './browser.mjs';
import { inside, outside, served } from './places.mjs';
import { root } from './stack.mjs';

const themes = ['light', 'dark'];

export function pagesTests(dev, ids, { pictures = false } = {}) {
  test('the list of pages is the router\'s', () => {
    const source = readFileSync(join(root, 'web/app/src/routes.tsx'), 'utf8');
    const routes = [...source.matchAll(/page\((account|shell|instance), "([^"]+)"/g)].map(([, parent, path]) => (parent === 'instance' ? `/instances/$instance${path === '/' ? '' : `/${path}`}` : path));
    const marks = { org: '$org', project: '$project', instance: '$instance', conflict: '$conflict', rejection: '$rejection', delivery: '$delivery', deployment: '$number', request: '$request' };
    const listed = [...Object.values(outside), ...Object.values(inside(marks))].map((p) => p.split('?')[0]);
    assert.deepEqual(routes.filter((r) => r !== '/' && !listed.includes(r)), [], 'pages that nobody looks at');
    assert.deepEqual(listed.filter((p) => !routes.includes(p)), [], 'pages that are not there');
  });

  for (const theme of themes) {
    for (const width of Object.keys(widths)) {
      test(`every page, ${theme} and ${width}`, async () => {
        const browser = await launch();
        try {
          const visitor = await open(browser, dev(), { theme, width, expect: ['/auth/'] });
          const wrong = [];
          for (const [name, path] of Object.entries({ ...outside, ...served })) await look(visitor, name, path, { theme, width, pictures }, wrong);
          const page = await open(browser, dev(), { theme, width, expect: ['/auth/me'] });
          await signIn(page, dev().email, dev().password);
          for (const [name, path] of Object.entries(inside(await ids()))) await look(page, name, path, { theme, width, pictures }, wrong);
          assert.deepEqual([...wrong, ...visitor.trouble, ...page.trouble], []);
        } finally {
          await browser.close();
        }
      });
    }
  }
}

/** Looks at one page; what is wrong with it is added to the list, so that one run tells of all pages. */
async function look(page, name, path, { theme, width, pictures }, wrong) {
  const where = `${name} (${theme}, ${width})`;
  const hold = async (check) => { try { await check(); } catch (e) { wrong.push(`${where}: ${e.message}`); } };
  await page.goto(path);
  await hold(() => settled(page));
  if (pictures) await picture(page, `${name}-${theme}-${width}`);
  await hold(() => accessible(page, where));
  await hold(() => fits(page, where));
  await hold(async () => assert.equal(await page.locator('h1').count(), 1, 'it has one h1'));
}
