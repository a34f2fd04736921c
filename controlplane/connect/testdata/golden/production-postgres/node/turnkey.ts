import { PowerSyncDatabase } from '@powersync/node';
import { TurnkeyConnector } from '@turnkey/powersync-connector';
import { AppSchema } from './schema';

const TURNKEY_URL = 'https://shop-x1.run.example.com';

export const db = new PowerSyncDatabase({
  schema: AppSchema,
  database: { dbFilename: 'app.db', implementation: { type: 'node:sqlite' } }
});

/** Gives the signed-in user's token of your own sign-in, null when nobody is signed in. */
export type GetToken = () => Promise<string | null>;

export type Identity = { getToken: GetToken };

/** Exchanges tokens at /token and uploads the queue; a refused write leaves the queue and is kept by Turnkey. */
export function turnkey(identity: Identity): TurnkeyConnector {
  return new TurnkeyConnector({
    url: TURNKEY_URL,
    ...identity,
    onRejected: (write) => console.warn('A write was refused:', write.code, write.message, write.hint ?? '')
  });
}

// firebase: getToken: () => auth.currentUser?.getIdToken() ?? Promise.resolve(null)
// staff: the signed-in user's token of https://login.example.com
// server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers
export async function connect(identity: Identity): Promise<void> {
  await db.connect(turnkey(identity));
}
