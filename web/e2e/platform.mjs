// Stands in for the SDK of a browser or of a phone, neither of which is here: connect.mjs puts it in the place of
// @powersync/web and @powersync/react-native. What of an SDK does not touch its platform is the SDK's own: everything of
// the @powersync/common that it depends on, schema and tables among it. The database, and with it the upload queue, is that of
// @powersync/node on Node's own SQLite.
import { PowerSyncDatabase as OnNode } from '@powersync/node';

export * from '@powersync/common';

export class PowerSyncDatabase extends OnNode {
  constructor({ schema, database: { dbFilename, ...unknown } }) {
    if (Object.keys(unknown).length > 0) throw new Error(`the double of the platform does not know ${Object.keys(unknown)}`);
    super({ schema, database: { dbFilename, implementation: { type: 'node:sqlite' } } });
  }
}
