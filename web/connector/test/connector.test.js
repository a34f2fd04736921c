import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { TurnkeyConnector, TurnkeyError, objectId } from '../dist/index.js';

// A stand-in for the SDK's queue with its documented behaviour: completing a transaction removes it
// and everything before it. The real SDK runs in the end-to-end suite.
class Queue {
  constructor(n) {
    this.left = Array.from({ length: n }, (_, i) => i + 1);
    this.completions = [];
  }
  async *getCrudTransactions() {
    for (const id of [...this.left]) {
      yield {
        transactionId: id,
        crud: [{ clientId: id * 10, op: 'PUT', table: 'todos', id: `r${id}`, transactionId: id, opData: { n: id }, previousValues: undefined }],
        complete: async () => {
          this.completions.push(id);
          this.left = this.left.filter((x) => x > id);
        }
      };
    }
  }
  async getUploadQueueStats() {
    return { count: this.left.length };
  }
  async getClientId() {
    return 'device-1';
  }
  async get(sql) {
    assert.equal(sql, 'SELECT min(id) AS first, max(id) AS last FROM ps_crud');
    return { first: this.left.length > 0 ? this.left[0] * 10 : null, last: this.left.length > 0 ? this.left.at(-1) * 10 : null };
  }
}

const success = { status: 'success' };
const rest = { status: 'not_attempted' };
const later = { status: 'retryable_error', error_code: 'source_down', message: 'later', retry_after_ms: 1 };
const fatal = (handled = false) => ({
  status: 'fatal_error',
  requires_client_handling: handled,
  rejection_id: 'rej_1',
  failed_operation: { error_code: 'UNAUTHORIZED', message: 'no', hint: 'rule', operation_index: 0 }
});

/** Runs against a real HTTP server that answers each upload with the next of `answers`. */
async function withServer(answers, run) {
  const seen = { tokens: 0, tokenRequests: [], uploads: [], authorization: [] };
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const reply = (status, json, headers = {}) => {
      res.writeHead(status, { 'content-type': 'application/json', ...headers });
      res.end(typeof json === 'string' ? json : JSON.stringify(json));
    };
    if (req.url === '/i/x/token') {
      seen.tokens++;
      seen.tokenRequests.push(JSON.parse(body));
      const expires_at = new Date(Date.now() + 300_000).toISOString();
      return reply(200, { token: `t${seen.tokens}`, powersync_url: 'http://ps.example/', expires_at, user_id: 'u1' });
    }
    seen.authorization.push(req.headers.authorization);
    seen.uploads.push(JSON.parse(body));
    const next = answers.shift();
    if (next === undefined) return reply(500, { message: 'no more answers' });
    if (Array.isArray(next)) return reply(200, { results: next });
    return reply(next.status, next.body ?? {}, next.headers);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${server.address().port}/i/x`;
  try {
    await run({ url, seen, getToken: async () => 'provider-token' });
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

test('sends client id, op ids and the whole transaction, then drains', async () => {
  await withServer([[success, success]], async ({ url, seen, getToken }) => {
    const q = new Queue(2);
    await new TurnkeyConnector({ url: `${url}/`, getToken }).uploadData(q);
    assert.deepEqual(q.left, []);
    assert.deepEqual(q.completions, [2], 'one completion, at the boundary');
    assert.equal(seen.uploads[0].client.id, 'device-1');
    assert.equal(seen.uploads[0].client.queue_count, 2);
    assert.deepEqual(seen.uploads[0].transactions[0], {
      transaction_id: 1,
      crud: [{ op: 'PUT', table: 'todos', id: 'r1', op_id: 10, transaction_id: 1, op_data: { n: 1 } }]
    });
  });
});

test('a refused write leaves the queue and is reported once, after it left', async () => {
  await withServer([[success, fatal(), rest], [success]], async ({ url, getToken }) => {
    const q = new Queue(3);
    const told = [];
    const onRejected = (w) => told.push([w.transaction.transactionId, w.code, w.rejectionId, w.operationIndex, [...q.left]]);
    await new TurnkeyConnector({ url, getToken, onRejected }).uploadData(q);
    assert.deepEqual(told, [[2, 'UNAUTHORIZED', 'rej_1', 0, [3]]]);
    assert.deepEqual(q.left, []);
  });
});

test('an app that fails on one refused write is told of the others', async () => {
  await withServer([[fatal(), fatal(), success], [success]], async ({ url, getToken }) => {
    const q = new Queue(3);
    const told = [];
    const onRejected = (w) => {
      told.push(w.transaction.transactionId);
      throw new Error(`the app fails on ${w.transaction.transactionId}`);
    };
    await assert.rejects(new TurnkeyConnector({ url, getToken, onRejected }).uploadData(q), /fails on 1/);
    assert.deepEqual(told, [1, 2]);
    assert.deepEqual(q.left, []);
  });
});

test('a retryable answer keeps the write and everything behind it', async () => {
  await withServer([[success, later, rest]], async ({ url, getToken }) => {
    const q = new Queue(3);
    await assert.rejects(new TurnkeyConnector({ url, getToken }).uploadData(q), (e) => e instanceof TurnkeyError && e.code === 'source_down');
    assert.deepEqual(q.left, [2, 3]);
  });
});

test('client_handling: retained by default, dropped when the app says so', async () => {
  await withServer([[fatal(true), rest]], async ({ url, getToken }) => {
    const q = new Queue(2);
    await assert.rejects(new TurnkeyConnector({ url, getToken }).uploadData(q), { code: 'UNAUTHORIZED' });
    assert.deepEqual(q.left, [1, 2]);
  });
  await withServer([[fatal(true), rest], [success]], async ({ url, getToken }) => {
    const q = new Queue(2);
    const told = [];
    await new TurnkeyConnector({ url, getToken, onRejected: () => told.push(1), onClientHandling: () => 'drop' }).uploadData(q);
    assert.deepEqual(q.left, []);
    assert.deepEqual(told, [], 'the app decided, so it need not be told');
  });
});

test('a malformed answer completes nothing', async () => {
  for (const bad of [[success], [success, { status: 'fine' }], [{ ...fatal(), requires_client_handling: 'no' }, success], [fatal(), { status: 'fatal_error' }], [rest, rest]]) {
    await withServer([bad], async ({ url, getToken }) => {
      const q = new Queue(2);
      await assert.rejects(new TurnkeyConnector({ url, getToken }).uploadData(q), { code: 'malformed_answer' });
      assert.deepEqual(q.left, [1, 2], JSON.stringify(bad));
    });
  }
});

test('a refused token is replaced once, by a single request for all who ask', async () => {
  await withServer([{ status: 401 }, [success]], async ({ url, seen, getToken }) => {
    await new TurnkeyConnector({ url, getToken }).uploadData(new Queue(1));
    assert.deepEqual(seen.authorization, ['Bearer t1', 'Bearer t2']);
  });
  await withServer([{ status: 401 }, { status: 401, body: { detail: 'not you', code: 'token_refused' } }], async ({ url, getToken }) => {
    const q = new Queue(1);
    await assert.rejects(new TurnkeyConnector({ url, getToken }).uploadData(q), { status: 401, code: 'token_refused' });
    assert.deepEqual(q.left, [1]);
  });
  await withServer([], async ({ url, seen, getToken }) => {
    const c = new TurnkeyConnector({ url, getToken });
    const all = await Promise.all([c.fetchCredentials(), c.fetchCredentials(), c.fetchCredentials()]);
    assert.equal(seen.tokens, 1);
    assert.ok(all.every((x) => x.endpoint === 'http://ps.example' && x.token === 't1'));
  });
});

test('signed out: no credentials, and uploads wait', async () => {
  const c = new TurnkeyConnector({ url: 'http://127.0.0.1:1', getToken: async () => null });
  assert.equal(await c.fetchCredentials(), null);
  await assert.rejects(c.uploadData(new Queue(1)), { code: 'signed_out' });
});

test('no answer at all is an error that keeps the queue', async () => {
  const q = new Queue(1);
  const c = new TurnkeyConnector({ url: 'http://127.0.0.1:1', developmentUser: 'u1' });
  await assert.rejects(c.uploadData(q), { code: 'network' });
  assert.deepEqual(q.left, [1]);
});

test('objectId: 24 hex digits, unique, sorted by time', () => {
  const ids = Array.from({ length: 10_000 }, () => objectId());
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^[0-9a-f]{24}$/.test(id)));
  assert.ok(objectId(1_700_000_000_000).startsWith('6553f100'));
});

test('reports since when the oldest write waits, with uploads and with token requests', async () => {
  await withServer([[later, rest], [later, rest, rest], [success, success, success]], async ({ url, seen, getToken }) => {
    const q = new Queue(2);
    const connector = new TurnkeyConnector({ url, getToken, appVersion: '3.1', database: q });
    const began = Date.now();
    await connector.fetchCredentials();
    const first = seen.tokenRequests[0].client;
    assert.equal(first.id, 'device-1');
    assert.equal(first.queue_count, 2);
    assert.equal(first.app_version, '3.1');
    assert.ok(Date.parse(first.oldest_op_at) >= began && Date.parse(first.oldest_op_at) <= Date.now(), 'seen now');

    await assert.rejects(connector.uploadData(q));
    q.left.push(3);
    await assert.rejects(connector.uploadData(q));
    for (const u of seen.uploads) assert.equal(u.client.oldest_op_at, first.oldest_op_at, 'the oldest one is as old as before, whatever is added');
    await connector.fetchCredentials();
    assert.equal(seen.tokenRequests[1].client.last_error, 'later');

    await connector.uploadData(q);
    await connector.fetchCredentials();
    const empty = seen.tokenRequests[2].client;
    assert.deepEqual([empty.queue_count, empty.oldest_op_at, empty.last_error], [0, undefined, undefined]);
  });
});

test('a database that cannot be read costs the report its time, and nothing else', async () => {
  await withServer([[success]], async ({ url, seen, getToken }) => {
    const q = new Queue(1);
    q.get = async () => {
      throw new Error('locked');
    };
    await new TurnkeyConnector({ url, getToken }).uploadData(q);
    assert.equal(seen.uploads[0].client.queue_count, 1);
    assert.equal('oldest_op_at' in seen.uploads[0].client, false);
    assert.equal('client' in seen.tokenRequests[0], true, 'the database is known since the upload began');
  });
  await withServer([], async ({ url, seen, getToken }) => {
    await new TurnkeyConnector({ url, getToken, database: { getUploadQueueStats: () => Promise.reject(new Error('closed')) } }).fetchCredentials();
    assert.equal('client' in seen.tokenRequests[0], false);
  });
});
