import { PowerSyncDatabase } from '@powersync/node';
import { TurnkeyConnector } from '@turnkey/powersync-connector';
import { AppSchema } from './schema';

const TURNKEY_URL = 'http://localhost:8080/i/todo-x1';

export const db = new PowerSyncDatabase({
  schema: AppSchema,
  database: { dbFilename: 'app.db', implementation: { type: 'node:sqlite' } }
});

/** Gives the signed-in user's token of your own sign-in, null when nobody is signed in. */
export type GetToken = () => Promise<string | null>;

/** This is a development instance: { developmentUser: 'u1' } is that user, without any sign-in. */
export type Identity = { getToken: GetToken } | { developmentUser: string };

/** Exchanges tokens at /token and uploads the queue; a refused write leaves the queue and is kept by Turnkey. */
export function turnkey(identity: Identity): TurnkeyConnector {
  return new TurnkeyConnector({
    url: TURNKEY_URL,
    ...identity,
    onRejected: (write) => console.warn('A write was refused:', write.code, write.message, write.hint ?? '')
  });
}

// server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers
export async function connect(identity: Identity): Promise<void> {
  await db.connect(turnkey(identity));
}
