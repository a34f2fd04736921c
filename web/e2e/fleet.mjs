// Devices that write by themselves, each with the real SDK and a database file of its own: a random local write, an
// upload through our connector, the next one, until they are told to stop. Each line on standard output is something
// that one of them saw; each line on standard input a command to all of them:
//
//   {"aim": {"url", "user", "shared": [ids], "hot": [ids], "own": {device: [ids]}}}   the instance and its rows
//   {"seed": true}     every device makes the rows that all share, and uploads them; answered by {"done": "seed"}
//   {"start": true}    {"storm": true|false}: shared rows are deleted and made anew, too
//   {"stop": true}     each ends the write that it is at; answered by {"done": "stop"} when all queues are empty
//
//   node fleet.mjs '{"devices": {name: folder}}'
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { PowerSyncDatabase } from '@powersync/node';
import { TurnkeyConnector } from '../connector/dist/index.js';
import { schema } from './client.mjs';

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const any = (n) => Math.floor(Math.random() * n);
const pick = (list) => list[any(list.length)];
const PACE_MS = 25;

class Device {
  #db;
  #connector;
  #user;
  #rows;
  #rejected = [];

  constructor(name, dbLocation) {
    this.name = name;
    const database = { dbLocation, dbFilename: 'device.db', readWorkerCount: 1, implementation: { type: 'node:sqlite' } };
    this.#db = new PowerSyncDatabase({ schema, database });
  }

  open() {
    return this.#db.init(); // as connect() does before it uploads
  }

  aim({ url, user, shared, hot, own }) {
    this.#user = user;
    this.#rows = { shared, hot, own: own[this.name] };
    this.#connector = new TurnkeyConnector({ url, developmentUser: user, onRejected: ({ code }) => this.#rejected.push(code) });
  }

  async seed() {
    for (const id of [...this.#rows.shared, ...this.#rows.hot]) await this.#bring(this.#creation(id, 'seed', 0));
  }

  async live(fleet) {
    while (!fleet.stopped) {
      await this.#bring(await this.#next(fleet.storm));
      await wait(PACE_MS);
    }
  }

  #creation(id, name, archived) {
    return ['INSERT OR REPLACE INTO lists (id, owner_id, name, archived, position) VALUES (?, ?, ?, ?, 0)', [id, this.#user, name, archived]];
  }

  /** Something to write. What is not on the device can only be made. */
  async #next(storm) {
    const kind = any(3);
    const id = pick([this.#rows.hot, this.#rows.shared, this.#rows.own][kind]);
    const name = `w${this.name}-${any(1_000_000)}`;
    const here = (await this.#db.getOptional('SELECT id FROM lists WHERE id = ?', [id])) !== null;
    const whole = kind === 2 || (kind === 1 && storm);
    if (!here || (whole && any(5) < 2)) return this.#creation(id, name, any(2));
    if (whole && any(4) === 0) return ['DELETE FROM lists WHERE id = ?', [id]];
    if (kind === 0) return ['UPDATE lists SET name = ?, position = coalesce(position, 0) + ? WHERE id = ?', [name, any(3), id]];
    return any(2) === 0
      ? ['UPDATE lists SET archived = 1 - archived WHERE id = ?', [id]]
      : ['UPDATE lists SET name = ?, archived = ? WHERE id = ?', [name, any(2), id]];
  }

  /** Writes on the device, and uploads until the server has decided. What is told of it is what the SDK has queued. */
  async #bring([sql, values]) {
    await this.#db.execute(sql, values);
    const queued = await this.#db.getNextCrudTransaction();
    if (queued?.crud.length !== 1) return say({ wrong: `${sql} queued ${JSON.stringify(queued?.crud)}` });
    const [{ op, id, opData, previousValues }] = queued.crud;
    for (;;) {
      const sent = Date.now();
      try {
        await this.#connector.uploadData(this.#db);
      } catch (e) {
        if (e.status !== 200 || e.code === undefined) return say({ wrong: `${op} ${id}: ${e.code} ${e}` });
        say({ retry: e.code });
        continue;
      }
      const { count } = await this.#db.getUploadQueueStats();
      if (count !== 0) return say({ wrong: `${op} ${id}: uploaded, and ${count} wait` });
      const fate = this.#rejected.splice(0);
      if (fate.length > 1) return say({ wrong: `${op} ${id}: refused ${fate.length} times` });
      return say({ edit: { op, row: id, data: opData ?? {}, old: previousValues ?? {}, sent, answered: Date.now(), fate: fate[0] ?? 'success' } });
    }
  }

  close() {
    return this.#db.close();
  }
}

const { devices: folders } = JSON.parse(process.argv[2]);
const devices = Object.entries(folders).map(([name, dir]) => new Device(name, dir));
for (const d of devices) await d.open();
const fleet = { stopped: true, storm: false };
let lives = [];
say({ done: 'open' });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.aim) devices.forEach((d) => d.aim(command.aim));
  if (command.storm !== undefined) fleet.storm = command.storm;
  if (command.seed) {
    await Promise.all(devices.map((d) => d.seed()));
    say({ done: 'seed' });
  }
  if (command.start) {
    fleet.stopped = false;
    lives = devices.map((d) => d.live(fleet).catch((e) => say({ wrong: `device ${d.name}: ${e.stack}` })));
  }
  if (command.stop) {
    fleet.stopped = true;
    await Promise.all(lives);
    say({ done: 'stop' });
  }
}
await Promise.all(devices.map((d) => d.close()));
