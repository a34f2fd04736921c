// One user's session with the real SDK: creates, updates, a transaction of three operations, nulls,
// nested JSON, a large integer, a delete, and a write that the server must refuse. Prints the ids, so
// that the Go test that runs this can look at the rows in the database.
//
//   node journey.mjs '{"url": ..., "ids": "objectid"|"uuid", "connector": "turnkey"|"plain", "dir": ...}'
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { TurnkeyConnector, objectId } from '../connector/dist/index.js';
import { developmentToken, drain, open, PlainConnector } from './client.mjs';

const { url, ids, connector: kind, dir } = JSON.parse(process.argv[2]);
const newId = () => (ids === 'objectid' ? objectId() : randomUUID());
const user = `sdk-${kind}`;
const rejected = [];

async function connect() {
  if (kind === 'turnkey') {
    return new TurnkeyConnector({ url, developmentUser: user, onRejected: (w) => rejected.push(w.code) });
  }
  const plain = new PlainConnector(url, (await developmentToken(url, user)).token);
  plain.rejected = rejected;
  return plain;
}

const db = open(dir, `${kind}-${ids}.db`);
const connector = await connect();
const list = newId();
const todo = newId();
const extra = newId();
const gone = newId();
const product = newId();
const LARGE = 9007199254740991; // 2^53 - 1, the largest integer that JavaScript keeps exact

// Creates, with nulls left out by SQLite and dates in both spellings that clients use.
await db.execute('INSERT INTO lists (id, name, owner_id, created_at, archived, position) VALUES (?, ?, ?, ?, ?, ?)', [
  list, 'Trip', user, '2026-03-01 10:20:30.456Z', 0, 7
]);
await db.execute(
  `INSERT INTO todos (id, list_id, owner_id, description, completed, created_at, priority, effort, cost, place, items)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  [
    todo, list, user, 'Pack', 0, '2026-03-01T10:20:30.456Z', 3, 1, '19.90',
    JSON.stringify({ city: 'Oslo', indoor: 1, visited: '2026-02-01T00:00:00.000Z' }),
    JSON.stringify([{ product_id: product, quantity: 2, due: '2026-04-01T00:00:00.000Z', done: 0 }])
  ]
);
await db.execute('INSERT INTO todos (id, list_id, owner_id, description) VALUES (?, ?, ?, ?)', [gone, list, user, 'Oops']);
await drain(db, connector);

// Updates: a boolean, a date, a large integer, a column set to null, one nested field.
await db.execute('UPDATE todos SET completed = 1, completed_at = ?, effort = ?, priority = NULL WHERE id = ?', [
  '2026-03-02T08:00:00.001Z', LARGE, todo
]);
await db.execute('UPDATE todos SET place = ? WHERE id = ?', [
  JSON.stringify({ city: 'Bergen', indoor: 1, visited: '2026-02-01T00:00:00.000Z' }), todo
]);
// One transaction of three operations.
await db.writeTransaction(async (tx) => {
  await tx.execute('INSERT INTO todos (id, list_id, owner_id, description) VALUES (?, ?, ?, ?)', [extra, list, user, 'Tickets']);
  await tx.execute('UPDATE lists SET position = 8 WHERE id = ?', [list]);
  await tx.execute('UPDATE todos SET description = ? WHERE id = ?', ['Pack light', todo]);
});
await db.execute('DELETE FROM todos WHERE id = ?', [gone]);
await drain(db, connector);

// A write that breaks the rules must leave the queue, and take nothing else with it.
await db.execute('UPDATE todos SET owner_id = ? WHERE id = ?', ['somebody else', todo]);
await db.execute('UPDATE lists SET name = ? WHERE id = ?', ['Trip north', list]);
await drain(db, connector);
assert.deepEqual(rejected, ['UNAUTHORIZED']);
assert.equal((await db.getUploadQueueStats()).count, 0);

await db.close();
console.log(JSON.stringify({ user, list, todo, extra, gone, product }));
