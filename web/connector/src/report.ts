import type { CommonPowerSyncDatabase } from '@powersync/common';
import { QueueAge } from './age.js';

/** What a device says of itself with uploads and token requests. */
export interface Report {
  id: string;
  sdk: string;
  queue_count: number;
  oldest_op_at?: string;
  app_version?: string;
  last_error?: string;
}

/** Writes the device's report. It is for people who look for trouble, so it never causes any: what cannot be read is left out. */
export class Reporter {
  readonly #age = new QueueAge();
  #database: CommonPowerSyncDatabase | undefined;
  /** Why the last upload failed. */
  lastError: string | undefined;

  constructor(
    private readonly sdk: string,
    private readonly appVersion: string | undefined,
    database: CommonPowerSyncDatabase | undefined,
    private readonly now: () => number = Date.now
  ) {
    this.#database = database;
  }

  /** The report of a database, which is the one of later token requests, too. */
  async of(database: CommonPowerSyncDatabase): Promise<Report> {
    this.#database = database;
    const stats = await database.getUploadQueueStats();
    const oldest = stats.count === 0 ? this.#age.clear() : await this.#oldest(database);
    return {
      id: await database.getClientId(),
      sdk: this.sdk,
      queue_count: stats.count,
      ...(oldest === undefined ? {} : { oldest_op_at: new Date(oldest).toISOString() }),
      ...(this.appVersion === undefined ? {} : { app_version: this.appVersion }),
      ...(this.lastError === undefined ? {} : { last_error: this.lastError })
    };
  }

  /** The report of the database that is known; undefined when there is none, or it cannot be read now. */
  async known(): Promise<Report | undefined> {
    try {
      return this.#database === undefined ? undefined : await this.of(this.#database);
    } catch {
      return undefined;
    }
  }

  async #oldest(database: CommonPowerSyncDatabase): Promise<number | undefined> {
    try {
      const row = await database.get<{ first: number | null; last: number | null }>('SELECT min(id) AS first, max(id) AS last FROM ps_crud');
      if (typeof row.first === 'number' && typeof row.last === 'number') this.#age.note(row.first, row.last, this.now());
      return this.#age.oldest();
    } catch {
      return undefined;
    }
  }
}
