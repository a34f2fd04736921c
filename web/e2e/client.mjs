// A PowerSync client as an app would have it: the real SDK on Node, a database file, the demo's
// schema. Uploads are driven directly, so no sync service is needed.
import { column, PowerSyncDatabase, Schema, Table } from '@powersync/node';

const tracked = { trackPrevious: true, trackMetadata: true };

export const schema = new Schema({
  lists: new Table(
    { name: column.text, owner_id: column.text, created_at: column.text, archived: column.integer, position: column.integer },
    tracked
  ),
  todos: new Table(
    {
      list_id: column.text,
      owner_id: column.text,
      description: column.text,
      completed: column.integer,
      created_at: column.text,
      completed_at: column.text,
      priority: column.integer,
      effort: column.integer,
      cost: column.text,
      place: column.text,
      items: column.text
    },
    tracked
  )
});

export function open(dbLocation, dbFilename) {
  return new PowerSyncDatabase({ schema, database: { dbLocation, dbFilename, implementation: { type: 'node:sqlite' } } });
}

/** Drains the queue with the connector; fails when it does not get shorter. */
export async function drain(db, connector) {
  for (let last = Infinity; ; ) {
    const { count } = await db.getUploadQueueStats();
    if (count === 0) return;
    if (count >= last) throw new Error(`the queue stands still at ${count}`);
    last = count;
    await connector.uploadData(db);
  }
}

/**
 * A connector as an app would write it from PowerSync's reference contract, without our package: one
 * transaction per request, no client id, no op ids.
 */
export class PlainConnector {
  constructor(url, token) {
    this.url = url;
    this.token = token;
    this.rejected = [];
  }

  async uploadData(db) {
    const tx = await db.getNextCrudTransaction();
    if (!tx) return;
    const crud = tx.crud.map((e) => ({ op: e.op, table: e.table, id: e.id, transaction_id: e.transactionId, op_data: e.opData }));
    const response = await fetch(`${this.url}/api/data`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ transactions: [{ transaction_id: tx.transactionId, crud }] })
    });
    if (!response.ok) throw new Error(`upload answered ${response.status}: ${await response.text()}`);
    const { results } = await response.json();
    if (results.length !== 1) throw new Error(`want one result, got ${JSON.stringify(results)}`);
    const [r] = results;
    if (r.status === 'fatal_error' && !r.requires_client_handling) this.rejected.push(r.failed_operation.error_code);
    else if (r.status !== 'success') throw new Error(`not accepted: ${JSON.stringify(r)}`);
    await tx.complete();
  }
}

export async function developmentToken(url, userId) {
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId })
  });
  if (!response.ok) throw new Error(`/token answered ${response.status}: ${await response.text()}`);
  return response.json();
}
