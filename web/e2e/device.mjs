// One device for as long as its process lives: writes what it is told into its database, uploads, and
// prints how that went. The database file stays, so the next run is the same device later.
//
//   node device.mjs '{"url": ..., "user": ..., "connector": "turnkey"|"plain", "dir": ..., "transactions": [[[sql, ...values], ...], ...]}'
import { TurnkeyConnector } from '../connector/dist/index.js';
import { developmentToken, drain, open, PlainConnector } from './client.mjs';

const { url, user, connector: kind, dir, transactions } = JSON.parse(process.argv[2]);
const rejected = [];
const db = open(dir, 'device.db');
await db.init(); // as connect() does before it uploads

for (const statements of transactions ?? []) {
  await db.writeTransaction(async (tx) => {
    for (const [sql, ...values] of statements) await tx.execute(sql, values);
  });
}

let error = '';
try {
  if (kind === 'turnkey') {
    const told = ({ transaction, code, message, hint, operationIndex, rejectionId }) =>
      rejected.push({ code, message, hint, operation: operationIndex, rejection: rejectionId, operations: transaction.crud.length });
    await new TurnkeyConnector({ url, developmentUser: user, onRejected: told }).uploadData(db); // once: that must be enough
  } else {
    const plain = new PlainConnector(url, (await developmentToken(url, user)).token);
    await drain(db, plain);
    rejected.push(...plain.rejected.map((code) => ({ code })));
  }
} catch (e) {
  error = String(e);
}
const { count } = await db.getUploadQueueStats();
await db.close();
console.log(JSON.stringify({ queue: count, rejected, error }));
