// What the Connect page gives is what an app would paste, and PowerSync would be told; so it is taken as it is:
//
//   1. npm installs our connector by the line that the page prints, from the running Turnkey, into an empty folder;
//   2. every JavaScript file compiles, strictly, against the types of the SDK that it is for;
//   3. PowerSync's own compiler takes the sync streams, and makes of each source row the row of the client's table;
//   4. the files of each SDK run against the instance: creates, an update with previous values that meets somebody
//      else's, a refused write. Node's with the real SDK; the others' with platform.mjs.
//
//   node connect.mjs '{"document": <GET .../connect>, "dir": ..., "id": ...,
//     "row": {"schema", "table", "record"}}'
//
// Prints {connector, streams, runs}: what npm installed, what the streams make of the row, and for each SDK
// {bodies, rejected, queue, endpoint}: what was sent and answered.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const { document, dir, id, row } = JSON.parse(process.argv[2]);
const javascript = document.sdks.filter((s) => s.files[0].language === 'typescript');
assert.deepEqual(javascript.map((s) => s.id), ['web', 'react-native', 'node']);

/** Writes an SDK's files into a folder of their own, beside the packages that they import. */
function write(sdk) {
  const folder = join(dir, sdk.id);
  mkdirSync(folder, { recursive: true });
  for (const f of sdk.files) writeFileSync(join(folder, f.name), f.text);
  return sdk.files.map((f) => join(folder, f.name));
}

/**
 * An app's folder: our connector from the running Turnkey, the SDKs from beside this file. --legacy-peer-deps keeps npm
 * from fetching what the connector is used with, which is here.
 */
function install() {
  const address = /\S+\.tgz$/.exec(javascript[0].install)?.[0];
  for (const sdk of javascript) assert.ok(address && sdk.install.startsWith('npm install ') && sdk.install.endsWith(address), sdk.install);
  writeFileSync(join(dir, 'package.json'), '{"private":true,"type":"module"}');
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--cache', join(dir, 'cache'), address], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  const ours = join(dir, 'node_modules', '@turnkey', 'powersync-connector');
  assert.ok(lstatSync(ours).isDirectory());
  const theirs = join(import.meta.dirname, 'node_modules');
  for (const name of readdirSync(theirs)) {
    if (name !== '@turnkey' && !name.startsWith('.')) symlinkSync(join(theirs, name), join(dir, 'node_modules', name));
  }
  const { name, version } = JSON.parse(readFileSync(join(ours, 'package.json'), 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  return { name, version, saved: dependencies[name], address };
}
const connector = install();
const files = Object.fromEntries(javascript.map((sdk) => [sdk.id, write(sdk)]));

/**
 * The complaints of a strict compiler. An app has one version of @powersync/common, its SDK's own; here several SDKs
 * are installed beside each other, so each one's is named.
 */
function compile(sdk, names) {
  const own = join(import.meta.dirname, 'node_modules', '@powersync', sdk, 'node_modules', '@powersync', 'common');
  const program = ts.createProgram(names, {
    ...(existsSync(own) ? { paths: { '@powersync/common': [own] } } : {}),
    target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true, noEmit: true, skipLibCheck: true, preserveSymlinks: true, types: [],
  });
  return ts.getPreEmitDiagnostics(program).map((d) => `${d.file?.fileName}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
}
for (const [sdk, names] of Object.entries(files)) assert.deepEqual(compile(sdk, names), []);
// That the compiler sees the SDKs' types at all: a mistake in the schema is one.
const wrong = join(dir, 'web', 'wrong.ts');
writeFileSync(wrong, "import { AppSchema } from './schema';\nexport const n: number = AppSchema;\nimport { turnkey } from './turnkey';\nturnkey({ nobody: 1 });\n");
assert.equal(compile('web', [wrong]).length, 2, compile('web', [wrong]).join('\n'));

async function streams() {
  const rules = await import('@powersync/service-sync-rules');
  const { config, errors } = rules.SqlSyncRules.fromYaml(document.sync_streams.text, { throwOnError: false, defaultSchema: row.schema });
  assert.deepEqual(errors.map((e) => e.message), []);
  const hydrated = config.hydrate({ hydrationState: rules.versionedHydrationState(1), sqlite: rules.nodeSqlite(await import('node:sqlite')) });
  const made = hydrated.evaluateRow({ sourceTable: { connectionTag: 'default', schema: row.schema, name: row.table }, record: row.record });
  return { tables: config.getSourceTables().map((t) => t.name), made: made.map((m) => ({ bucket: m.bucket, table: m.table, id: m.id, columns: Object.keys(m.data).sort() })) };
}

const modules = join(import.meta.dirname, 'node_modules', '@powersync');
const platform = pathToFileURL(join(import.meta.dirname, 'platform.mjs')).href;

/** Node takes the types off; ./schema is ./schema.ts; the SDKs of other platforms are platform.mjs, over their own common part. */
function resolve(specifier, context, next) {
  if (specifier === './schema') return next('./schema.ts', context);
  const elsewhere = /^@powersync\/(web|react-native)$/.exec(specifier);
  if (elsewhere) return next(`${platform}?sdk=${elsewhere[1]}`, context);
  if (specifier === '@powersync/common' && context.parentURL?.startsWith(platform)) {
    const sdk = new URL(context.parentURL).searchParams.get('sdk');
    return next(specifier, { ...context, parentURL: pathToFileURL(join(modules, sdk, 'package.json')).href });
  }
  return next(specifier, context);
}

/** Runs an SDK's files as they are. */
async function run(sdk, row) {
  process.chdir(join(dir, sdk)); // where the snippet's app.db lies
  const bodies = [];
  const warned = [];
  console.warn = (...args) => warned.push(args);
  globalThis.fetch = async (url, init) => {
    if (String(url).endsWith('/api/data')) bodies.push(JSON.parse(init.body));
    return real(url, init);
  };
  const { db, turnkey } = await import(pathToFileURL(join(dir, sdk, 'turnkey.ts')).href);
  const connector = turnkey({ developmentUser: 'ann' });
  await db.init();
  assert.deepEqual(Object.keys(db.schema.props ?? {}).includes('turnkey_rejections'), true);
  const upload = async () => connector.uploadData(db);
  await db.execute('INSERT INTO lists (id, name, owner_id, position) VALUES (?, ?, ?, ?)', [row, 'Trip', 'ann', 1]);
  await upload();
  await db.writeTransaction(async (tx) => {
    await tx.execute('UPDATE lists SET position = 2, _metadata = ? WHERE id = ?', ['by hand', row]);
    await tx.execute('UPDATE lists SET position = 2 WHERE id = ?', [row]); // changes nothing, and is not sent
  });
  await upload();
  await db.execute('UPDATE lists SET owner_id = ? WHERE id = ?', ['bob', row]); // refused
  await upload();
  const credentials = await connector.fetchCredentials();
  const { count } = await db.getUploadQueueStats();
  await db.close();
  return { bodies, rejected: warned.map((w) => w[1]), queue: count, endpoint: credentials.endpoint };
}

registerHooks({ resolve });
const real = globalThis.fetch;
const made = await streams();
const runs = {};
for (const [n, sdk] of ['node', 'web', 'react-native'].entries()) runs[sdk] = await run(sdk, id.slice(0, -1) + n);
console.log(JSON.stringify({ connector, streams: made, runs }));
