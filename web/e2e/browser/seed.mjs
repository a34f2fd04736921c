// Fills an instance of `turnkey dev` with what the inboxes show: conflicts that were decided and that wait, refused writes
// with what depends on them, deliveries in every state. All of it is made as it is in life: by uploads of devices, and by the
// REST API. For journeys, screenshots, and by hand:
//
//   node browser/seed.mjs .turnkey/dev.json [mongodb|postgres]
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { answers, rest } from './stack.mjs';

/** Text that tries to run, to turn the line around, to hide, and to paint over its neighbours. */
export const odd = {
  markup: `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`,
  bidi: 'invoice \u202Efdp.exe \u2066safe\u2069',
  hidden: 'pay\u200Bpal \uFEFF\u00AD',
  terminal: '\u001b[31mred\u001b[0m \u009b31m \u0007',
  piled: 'Z' + '\u0301\u0316\u0338'.repeat(30) + 'algo',
  long: 'x'.repeat(400),
  script: `');alert(1);//\${7*7}{{7*7}}`
};

/** A device of a user: uploads transactions as JSON text, so that numbers go out as they are written. */
export class Device {
  #ops = 0;

  constructor(instance, user, id = `device-${user}-${randomBytes(3).toString('hex')}`) {
    Object.assign(this, { instance, user, id });
  }

  /** Each transaction is a list of entries: an object, or JSON text without the braces. Gives the results. */
  async upload(...transactions) {
    this.token ??= await developmentToken(this.instance.url, this.user);
    const texts = transactions.map((entries) => {
      const crud = entries.map((e) => `{"op_id":${++this.#ops},${typeof e === 'string' ? e : JSON.stringify(e).slice(1, -1)}}`);
      return `{"transaction_id":${this.#ops},"crud":[${crud.join(',')}]}`;
    });
    const client = { id: this.id, sdk: 'seed/1.0', app_version: '4.2.0', queue_count: transactions.length };
    const response = await fetch(`${this.instance.url}/api/data`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: `{"client":${JSON.stringify(client)},"transactions":[${texts.join(',')}]}`
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`upload answered ${response.status}: ${text}`);
    return JSON.parse(text).results;
  }

  /** The same, where everything has to be accepted. */
  async apply(...transactions) {
    const results = await this.upload(...transactions);
    const bad = results.find((r) => r.status !== 'success');
    if (bad) throw new Error(`not accepted: ${JSON.stringify(bad)}`);
    return results;
  }
}

async function developmentToken(url, user) {
  const response = await fetch(`${url}/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user_id: user }) });
  if (!response.ok) throw new Error(`token answered ${response.status}: ${await response.text()}`);
  return (await response.json()).token;
}

/** A new id as the instance's tables have them. */
export const newId = (instance) => (instance.source === 'mongodb' ? randomBytes(12).toString('hex') : randomUUID());

const put = (type, id, data) => ({ op: 'PUT', type, id, data });
const patch = (type, id, data, old) => ({ op: 'PATCH', type, id, data, ...(old ? { old } : {}) });

const hook = `// Tells the shop about finished work, and wants every todo to say what is to be done.
export default {
  beforeWrite(write, ctx) {
    const text = write.data?.description;
    if (text !== undefined && text !== null && text.trim() === "") ctx.reject("empty", "Say what is to be done.", { field: "description" });
  },
  afterWrite(change, ctx) {
    const tell = change.new?.description?.match(/^tell ([a-z]+)/);
    if (tell) ctx.enqueue(tell[1], { id: change.id, description: change.new.description, at: ctx.now });
  },
} satisfies Hooks<"todos">;
`;

/**
 * Makes the demo's instance one that has something to decide: lists record their conflicts, todos merge them, and a hook
 * enqueues webhooks to the receiver. Deploys, each time: the receiver may be another one.
 */
export async function prepare(dev, instance, receiver) {
  const call = rest(dev);
  const at = `/instances/${instance.id}`;
  const draft = await answers(dev)('GET', `${at}/config`);
  const outbox = (name, path) => `  ${name}: {url: "${receiver.url}/${path}", secret: {secret: SEED_KEY}}\n`;
  let text = draft.body.config.replace(/^outbox:\n(  .*\n)+/m, '');
  if (!/^conflicts:/m.test(text)) {
    text = text
      .replace(/^tables:\n/m, 'conflicts: {show_server: true}\ntables:\n')
      .replace(/^ {2}lists:\n/m, '  lists:\n    on_conflict: record\n')
      .replace(/^ {2}todos:\n/m, '  todos:\n    on_conflict: merge\n')
      .replace('priority: {type: int32}', 'priority: {type: int32, merge: max}')
      .replace('effort: {type: int64}', 'effort: {type: int64, merge: server}')
      .replace('completed: {type: bool}', 'completed: {type: bool, merge: first_write}');
  }
  text = text.replace(/^tables:\n/m, `outbox:\n${outbox('shop', 'ok')}${outbox('crm', 'broken')}${outbox('gone', 'gone')}tables:\n`);
  await call('PUT', `${at}/secrets/SEED_KEY`, { value: `whsec_${Buffer.from('a key of twenty-four bytes or so').toString('base64')}` });
  await call('PUT', `${at}/files/hooks/todos.ts`, { content: hook });
  await call('PUT', `${at}/config`, { config: text }, { 'If-Match': draft.headers.get('etag') });
  await call('POST', `${at}/deployments`, { message: 'Conflicts, refusals and webhooks to look at' });
}

/** Receives webhooks: /ok takes them, /gone wants no more, all else is broken. */
export async function receiver(port = 0) {
  const server = createServer((request, response) => {
    request.resume();
    const [status, text] = { '/ok': [200, 'thanks'], '/gone': [410, 'This shop has closed.'] }[request.url] ?? [500, `Out of order.\n${odd.markup}\n${odd.terminal}`];
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Conflicts that wait (lists, `open`) and that a policy has decided (todos, `decided`). Gives the rows' ids. */
export async function makeConflicts(instance, { open = 3, decided = 3, user = 'ann' } = {}) {
  const rows = { open: [], decided: [] };
  const [phone, tablet] = [new Device(instance, user, `${user}-phone`), new Device(instance, user, `${user}-tablet`)];
  for (let n = 0; n < open; n++) {
    const id = newId(instance);
    rows.open.push(id);
    await phone.apply([put('lists', id, { owner_id: user, name: 'Trip', position: 1, archived: 0 })]);
    await tablet.apply([patch('lists', id, { name: `Trip to Bergen ${n}`, position: 2 }, { name: 'Trip', position: 1 })]);
    const text = n === 0 ? `${odd.markup} ${odd.bidi}` : `Trip to Oslo ${n}`;
    await phone.upload([patch('lists', id, { name: text, position: 3 }, { name: 'Trip', position: 1 })]);
  }
  for (let n = 0; n < decided; n++) {
    const id = newId(instance);
    rows.decided.push(id);
    await phone.apply([put('todos', id, { owner_id: user, description: 'Pack', priority: 1, effort: 1, completed: 0 })]);
    await tablet.apply([patch('todos', id, { description: `Pack light ${n}`, priority: 5, effort: 7, completed: 1 }, { description: 'Pack', priority: 1, effort: 1, completed: 0 })]);
    await phone.upload([
      `"op":"PATCH","type":"todos","id":"${id}","data":{"description":"Pack the tent ${n}","priority":3,"effort":9007199254740993},"old":{"description":"Pack","priority":1,"effort":1}`
    ]);
  }
  return rows;
}

/** Refused writes of every kind, `times` over: a rule, a hook, a value, an unknown column, a big integer, and a creation with what depends on it. */
export async function makeRejections(instance, { times = 1, user = 'ben' } = {}) {
  const device = new Device(instance, user, `${user}-laptop`);
  const mine = { owner_id: user };
  for (let n = 0; n < times; n++) {
    const [list, todo, waiting] = [newId(instance), newId(instance), newId(instance)];
    await device.apply([put('lists', list, { ...mine, name: `Errands ${n}` })], [put('todos', todo, { ...mine, list_id: list, description: 'Buy milk', priority: 2 })]);
    for (const transaction of [
      [patch('todos', todo, { owner_id: 'somebody else' })],
      [patch('todos', todo, { description: '   ' })],
      [patch('todos', todo, { priority: 'high', description: `${odd.bidi} ${odd.markup}` })],
      [patch('lists', list, { colour: odd.script, name: odd.terminal })],
      [`"op":"PATCH","type":"todos","id":"${todo}","data":{"effort":9007199254740993,"cost":"19.90","priority":"urgent"}`],
      [patch('lists', list, { name: 'Errands, sorted' }), put('todos', newId(instance), { ...mine, list_id: list, description: '' })],
      [put('lists', waiting, { owner_id: 'somebody else', name: 'Not mine' })],
      [patch('lists', waiting, { name: 'Still not mine' })],
      [put('todos', newId(instance), { ...mine, list_id: waiting, description: 'On a list that is not there' })],
      [patch('lists', waiting, { position: 4 })]
    ]) {
      await device.upload(transaction);
    }
  }
}

/** Webhooks: `each` that are taken, each that fail and are tried again, each whose receiver wants no more. */
export async function makeDeliveries(instance, { each = 2, user = 'cleo' } = {}) {
  const device = new Device(instance, user, `${user}-phone`);
  for (let n = 0; n < each; n++) {
    for (const outbox of ['shop', 'crm', 'gone']) {
      await device.apply([put('todos', newId(instance), { owner_id: user, description: `tell ${outbox} ${n}: ${odd.bidi} ${odd.markup}` })]);
    }
  }
}

/** All of it, for one instance of a data folder's dev.json. */
export async function seedAll(dev, source = 'postgres', { port = 0 } = {}) {
  const instance = dev.instances.find((i) => i.source === source);
  const shop = await receiver(port);
  try {
    await prepare(dev, instance, shop);
    await makeConflicts(instance);
    await makeRejections(instance);
    await makeDeliveries(instance);
    await settled(dev, instance);
  } finally {
    await shop.close();
  }
  return instance;
}

/** Waits until every delivery has been tried once. */
async function settled(dev, instance) {
  const call = rest(dev);
  for (let tries = 0; tries < 100; tries++) {
    const { data } = await call('GET', `/instances/${instance.id}/deliveries?status=pending&limit=100`);
    if (data.every((d) => d.last)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const dev = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const instance = await seedAll(dev, process.argv[3]);
  console.log(`${dev.dashboard_url}/instances/${instance.id}/conflicts`);
}
