// What the Connect page gives is what an app would paste, and PowerSync would be told; so it is taken as it is:
//
//   1. every JavaScript file compiles, strictly, against the types of the SDK that it is for;
//   2. PowerSync's own compiler takes the sync streams, and makes of each source row the row of the client's table;
//   3. the Node files run, with the real SDK, against the instance: creates, an update with previous values that meets
//      somebody else's, a refused write.
//
//   node connect.mjs '{"document": <GET .../connect>, "dir": ..., "id": ...,
//     "row": {"schema", "table", "record"}}'
//
// Prints {streams, bodies, rejected, queue, endpoint}: what the streams make of the row, and what was sent and answered.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
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
symlinkSync(join(import.meta.dirname, 'node_modules'), join(dir, 'node_modules'));
writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
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

/** Runs the Node files as they are: Node takes the types off, and ./schema is ./schema.ts. */
async function run() {
  registerHooks({ resolve: (specifier, context, next) => next(specifier === './schema' ? './schema.ts' : specifier, context) });
  process.chdir(dir); // where the snippet's app.db lies
  const bodies = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    if (String(url).endsWith('/api/data')) bodies.push(JSON.parse(init.body));
    return real(url, init);
  };
  const warned = [];
  console.warn = (...args) => warned.push(args);
  const { db, turnkey } = await import(pathToFileURL(join(dir, 'node', 'turnkey.ts')).href);
  const connector = turnkey({ developmentUser: 'ann' });
  await db.init();
  assert.deepEqual(Object.keys(db.schema.props ?? {}).includes('turnkey_rejections'), true);
  const upload = async () => connector.uploadData(db);
  await db.execute('INSERT INTO lists (id, name, owner_id, position) VALUES (?, ?, ?, ?)', [id, 'Trip', 'ann', 1]);
  await upload();
  await db.writeTransaction(async (tx) => {
    await tx.execute('UPDATE lists SET position = 2, _metadata = ? WHERE id = ?', ['by hand', id]);
    await tx.execute('UPDATE lists SET position = 2 WHERE id = ?', [id]); // changes nothing, and is not sent
  });
  await upload();
  await db.execute('UPDATE lists SET owner_id = ? WHERE id = ?', ['bob', id]); // refused
  await upload();
  const credentials = await connector.fetchCredentials();
  const { count } = await db.getUploadQueueStats();
  await db.close();
  return { bodies, rejected: warned.map((w) => w[1]), queue: count, endpoint: credentials.endpoint };
}

console.log(JSON.stringify({ streams: await streams(), ...(await run()) }));
