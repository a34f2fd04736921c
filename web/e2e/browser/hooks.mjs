// Hooks in the browser: a template, a type error that is shown in place, a run on what a device has just sent, tests, a
// deployment whose effect the next write meets, a replay, a shadow, a rollback; nothing of it outside of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, launch, open, settled, signIn } from './browser.mjs';
import { rest, upload } from './stack.mjs';

const blank = { op: 'PUT', table: 'todos', id: '65f0c0ffee0000000000beef', op_data: { description: '   ', owner_id: 'demo' } };

/** Answers of the server that are no trouble: there is no shadow yet. */
const expected = ['/shadow', '/auth/me', '/api/v1/orgs'];

export function hooksTests(dev) {
  test('a hook is written, tried, tested, deployed and rolled back in the page', async () => {
    const instance = await own(dev());
    const browser = await launch();
    try {
      const page = await open(browser, dev(), { expect: expected });
      await signIn(page, dev().email, dev().password);
      const before = await upload(instance, 'demo', [{ crud: [blank] }]);
      assert.equal(before.results[0].status, 'success', JSON.stringify(before));
      await page.goto(`/instances/${instance.id}/hooks`);
      await settled(page);

      await make(page, 'Trim and validate', 'todos');
      await page.locator('.cm-content').waitFor();
      await page.getByText('No problems.').waitFor();
      await mistake(page);
      await make(page, 'A test', 'todos');
      await page.getByRole('button', { name: 'Save 2 files' }).click();
      await page.getByText('Saved 2 files').waitFor();

      await panel(page, 'Run');
      await page.getByText('A recorded write').click();
      await page.getByRole('radio', { name: /write PUT todos 65f0c0ffee0000000000beef/ }).first().click();
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.getByText('Would be refused').waitFor();
      await looks(page, 'a run on a recorded write');

      await panel(page, 'Tests');
      await page.getByRole('button', { name: 'Run the tests' }).click();
      await page.getByText(/^All 2 passed/).waitFor();
      await looks(page, 'tests');

      await panel(page, 'Deploy');
      await page.getByLabel('Message').fill('Trim descriptions');
      await page.getByRole('button', { name: 'Deploy', exact: true }).click();
      await page.getByText(/^Deployment \d+ is active$/).first().waitFor();
      await looks(page, 'a deployment');
      const after = await upload(instance, 'demo', [{ crud: [{ ...blank, id: '65f0c0ffee0000000000bee0' }] }]);
      assert.equal(after.results[0].failed_operation?.error_code, 'empty', JSON.stringify(after));

      await panel(page, 'Replay');
      await page.getByRole('button', { name: 'Replay', exact: true }).click();
      await page.getByText(/of \d+ differ/).first().waitFor();
      await panel(page, 'Shadow');
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await page.getByText('ended', { exact: true }).waitFor();
      await looks(page, 'a shadow');

      await panel(page, 'Versions');
      await page.getByRole('button', { name: 'Roll back to 1', exact: true }).click();
      await page.getByRole('button', { name: 'Activate 1' }).click();
      await page.getByText('Deployment 1 is served again').waitFor();
      const back = await upload(instance, 'demo', [{ crud: [{ ...blank, id: '65f0c0ffee0000000000bee1' }] }]);
      assert.equal(back.results[0].status, 'success', JSON.stringify(back));
      assert.deepEqual(page.trouble, []);
    } finally {
      await browser.close();
    }
  });
}

/** An instance like the demo's, with a database and hooks of its own. */
async function own(dev) {
  const call = rest(dev);
  const demo = dev.instances.find((i) => i.source === 'mongodb');
  const { config } = await call('GET', `/instances/${demo.id}/config`);
  const { project_id: project } = await call('GET', `/instances/${demo.id}`);
  const made = await call('POST', `/projects/${project}/instances`, {
    name: 'Hooks', kind: 'development', deploy: true, config: config.replace('database: todo', 'database: hooks'), secrets: { SOURCE_URI: dev.source_urls.mongodb },
  });
  return { id: made.id, url: `${new URL(demo.url).origin}/i/${made.host}` };
}

/** Makes a file from a template. */
async function make(page, template, table) {
  await page.getByRole('button', { name: 'New file' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Begin with').first().click();
  await page.getByRole('option', { name: template, exact: true }).click();
  await dialog.getByLabel('Table').first().click();
  await page.getByRole('option', { name: table, exact: true }).click();
  await dialog.getByRole('button', { name: 'Make the file' }).click();
}

/** Types a mistake: it is underlined at its place and listed, and gone when it is taken back. */
async function mistake(page) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+Home');
  for (let n = 0; n < 2; n++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await page.keyboard.type('\nwrite.data.descripton = "x";');
  await page.locator('.cm-lintRange-error').first().waitFor();
  await page.getByText("Property 'descripton' does not exist on type 'TodosColumns'. Did you mean 'description'?").first().waitFor();
  await looks(page, 'a type error');
  for (let n = 0; n < 40 && (await page.locator('.cm-content').innerText()).includes('descripton'); n++) await page.keyboard.press('Control+z');
  await page.getByText('No problems.').waitFor();
}

const panel = (page, name) => page.getByRole('tab', { name, exact: true }).click();

async function looks(page, what) {
  await accessible(page, what);
  await fits(page, what);
}
