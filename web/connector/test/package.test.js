import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const read = (name) => readFileSync(join(root, name), 'utf8');
const { version } = JSON.parse(read('package.json'));

/** The files of a tar archive, by name. */
function untar(bytes) {
  const files = {};
  const text = (from, to) => bytes.subarray(from, to).toString('utf8').replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    files[text(at, at + 100)] = bytes.subarray(at + 512, at + 512 + size).toString('utf8');
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

test('the package that Turnkey serves is made of these sources, and of nothing else', () => {
  const packed = untar(gunzipSync(readFileSync(join(root, 'release', `turnkey-powersync-connector-${version}.tgz`))));
  const want = { 'package/package.json': read('package.json'), 'package/README.md': read('README.md') };
  for (const name of readdirSync(join(root, 'dist'))) want[`package/dist/${name}`] = read(join('dist', name));
  assert.deepEqual(packed, want, 'pack it: raise the version and `npm run release`; `npm run release -- --again` while nobody has this version');
});

test('uploads name the version of the package', () => {
  assert.match(read('src/connector.ts'), new RegExp(`'turnkey-js/${version.replaceAll('.', '\\.')}'`));
});
