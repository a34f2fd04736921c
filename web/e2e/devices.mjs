// Several devices in one process, each with the real SDK and a database file of its own, driven line by line: a JSON
// command on standard input, a JSON answer on standard output. The end of the input ends it.
//
// No sync service runs here. What one would send is given to the SDK by `sync`, through the function by which the SDK
// itself hands every line of a sync stream to its storage (powersync_control of its SQLite extension): a checkpoint, the
// row, the checkpoint's end. So a synced row passes the SDK's own checks and lies in its own tables, and, as in
// production, it is not applied while the device has writes to upload.
//
//   {"device": "a", "open": {"url", "user", "dir", "schema": {table: {column: "text"|"integer"|"real"}}}}
//   {"device": "a", "sync": {"table", "id", "row": {...}|null}}            answers whether it was applied
//   {"device": "a", "write": {"table", "id", "steps": [...]}}              each step a transaction, see `statement`
//   {"device": "a", "run": [[sql, ...values], ...]}                        one transaction
//   {"device": "a", "read": {"table", "id"}}
//   {"upload": ["a", "b"]}                                                 at the same time, each once
import { createInterface } from 'node:readline';
import { column, PowerSyncDatabase, Schema, Table } from '@powersync/node';
import { TurnkeyConnector } from '../connector/dist/index.js';

class Device {
  #db;
  #connector;
  #rejected = [];
  #ops = 0; // that the bucket holds
  #target = 0; // the write checkpoint that the service would be at

  async open({ url, user, dir, schema }) {
    const tables = Object.entries(schema).map(([name, columns]) => [
      name,
      new Table(Object.fromEntries(Object.entries(columns).map(([c, type]) => [c, column[type]])), { trackPrevious: true, trackMetadata: true })
    ]);
    const database = { dbLocation: dir, dbFilename: 'device.db', readWorkerCount: 1, implementation: { type: 'node:sqlite' } };
    this.#db = new PowerSyncDatabase({ schema: new Schema(Object.fromEntries(tables)), database });
    await this.#db.init();
    this.#connector = new TurnkeyConnector({ url, developmentUser: user, onRejected: ({ code, message }) => this.#rejected.push({ code, message }) });
  }

  /** Gives the SDK a row as a sync stream would, or its removal. */
  async sync({ table, id, row }) {
    const control = async (tx, operation, payload) => (await tx.execute('SELECT CAST(powersync_control(?, ?) AS TEXT) AS said', [operation, payload])).rows.item(0).said;
    const op = { op_id: String(++this.#ops), object_type: table, object_id: id, subkey: '', checksum: 1 };
    const data = row === null ? { ...op, op: 'REMOVE' } : { ...op, op: 'PUT', data: JSON.stringify(row) };
    // The bucket's checksum is the sum of its operations', each of which is 1.
    const checkpoint = { last_op_id: op.op_id, write_checkpoint: String(++this.#target), buckets: [{ bucket: 'all', checksum: this.#ops, count: this.#ops, priority: 3 }] };
    return this.#db.writeTransaction(async (tx) => {
      const said = [];
      // After an upload the SDK asks the service for a write checkpoint, and applies nothing before that one has come.
      await control(tx, 'target_checkpoint_request_id', String(this.#target));
      await control(tx, 'start', JSON.stringify({ parameters: {}, schema: this.#db.schema.toJSON(), include_defaults: true }));
      for (const line of [{ checkpoint }, { data: { bucket: 'all', data: [data] } }, { checkpoint_complete: { last_op_id: op.op_id } }]) {
        said.push(await control(tx, 'line_text', JSON.stringify(line)));
      }
      await control(tx, 'stop', null);
      return said.join().includes('DidCompleteSync');
    });
  }

  async write({ table, id, steps }) {
    for (const step of steps) await this.run([statement(table, id, step)]);
  }

  run(statements) {
    return this.#db.writeTransaction(async (tx) => {
      for (const [sql, ...values] of statements) await tx.execute(sql, values);
    });
  }

  async read({ table, id }) {
    const row = await this.#db.getOptional(`SELECT * FROM ${table} WHERE id = ?`, [id]);
    if (row !== null) ['id', '_metadata', '_deleted'].forEach((c) => delete row[c]);
    return row;
  }

  /** One call, as PowerSync makes it; what was refused is told once. */
  async upload() {
    let error = '';
    await this.#connector.uploadData(this.#db).catch((e) => (error = e.code ?? String(e)));
    const { count } = await this.#db.getUploadQueueStats();
    return { queue: count, rejected: this.#rejected.splice(0), error };
  }

  close() {
    return this.#db.close();
  }
}

/** `set a = 1, b = b + 1`, `delete` or `create {"a": 1}`; `about TEXT: ...` adds the metadata TEXT to it. */
function statement(table, id, step) {
  const [, about, what] = /^(?:about (\S+): )?(.*)$/s.exec(step);
  if (what.startsWith('set ')) return [`UPDATE ${table} SET ${what.slice(4)}${about ? ', _metadata = ?' : ''} WHERE id = ?`, ...(about ? [about] : []), id];
  if (what === 'delete') return [`DELETE FROM ${table} WHERE id = ?`, id];
  const row = JSON.parse(what.replace(/^create /, ''));
  const names = ['id', ...Object.keys(row)];
  const values = Object.values(row).map((v) => (typeof v === 'object' && v !== null ? JSON.stringify(v) : v));
  return [`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, id, ...values];
}

const devices = {};
for await (const line of createInterface({ input: process.stdin })) {
  const { device, upload, ...command } = JSON.parse(line);
  let answer;
  if (upload) {
    answer = await Promise.all(upload.map((name) => devices[name].upload()));
  } else {
    const [[method, argument]] = Object.entries(command);
    answer = await (devices[device] ??= new Device())[method](argument);
  }
  console.log(JSON.stringify(answer ?? null));
}
await Promise.all(Object.values(devices).map((d) => d.close()));
