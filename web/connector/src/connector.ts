import type {
  CommonPowerSyncDatabase,
  CrudTransaction,
  PowerSyncBackendConnector,
  PowerSyncCredentials
} from '@powersync/common';
import { TurnkeyError } from './errors.js';
import { post, problem, type Answer, type Requester } from './http.js';
import { Reporter } from './report.js';
import { TokenSource } from './token.js';
import { readResults, wireTransaction, type WireResult } from './wire.js';

/** A write that the server refused for good. It has left the queue; the server keeps it. */
export interface RejectedWrite {
  /** The client transaction as it was queued. */
  transaction: CrudTransaction;
  /** Stable code, such as `UNAUTHORIZED` or `UNIQUE_VIOLATION`. */
  code: string;
  message: string;
  /** What to change, for the developer. */
  hint?: string;
  /** The operation to blame, when one is. */
  operationIndex?: number;
  /** The server's id of the kept rejection; the row's id in `turnkey_rejections`. */
  rejectionId?: string;
  details?: unknown;
}

/** What becomes of a write whose code the configuration lists under `client_handling`. */
export type Decision = 'retain' | 'drop';

export interface TurnkeyConnectorOptions {
  /** The instance's URL, as the dashboard shows it. */
  url: string;
  /** The signed-in user's token from your own provider; null when nobody is signed in. */
  getToken?: () => Promise<string | null>;
  /** Development instances only: be this user, without a provider. */
  developmentUser?: string;
  /**
   * Called once for each refused write, after it has left the queue. An app that ends in that moment is
   * not told again: the synced table `turnkey_rejections` has them all.
   */
  onRejected?: (write: RejectedWrite) => void | Promise<void>;
  /**
   * Asked for writes that wait for the app (`client_handling`). `retain`, the default, keeps the
   * write, and everything behind it, in the queue.
   */
  onClientHandling?: (write: RejectedWrite) => Decision | Promise<Decision>;
  /** Sent with the device report. */
  appVersion?: string;
  /** Lets token requests report the queue before the first upload; afterwards they know the database anyway. */
  database?: CommonPowerSyncDatabase;
  /** Transactions in one request, 1 to 50. */
  maxTransactions?: number;
  /** Operations in one request; a transaction is never split, so the last one may exceed it. */
  maxOperations?: number;
  requestTimeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

const SDK = 'turnkey-js/0.1.0';
const LONGEST_WAIT_MS = 60_000;

/**
 * Connects PowerSync to a Turnkey instance: fetches tokens, uploads the queue in whole transactions,
 * and reports refused writes instead of getting stuck on them.
 */
export class TurnkeyConnector implements PowerSyncBackendConnector {
  readonly #options: TurnkeyConnectorOptions;
  readonly #url: string;
  readonly #via: Requester;
  readonly #tokens: TokenSource;
  readonly #reporter: Reporter;

  constructor(options: TurnkeyConnectorOptions) {
    if (!options.url) throw new TurnkeyError('TurnkeyConnector needs the instance url');
    if ((options.getToken === undefined) === (options.developmentUser === undefined)) {
      throw new TurnkeyError('TurnkeyConnector needs either getToken or developmentUser');
    }
    this.#options = options;
    this.#url = options.url.replace(/\/+$/, '');
    this.#via = {
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      timeoutMs: options.requestTimeoutMs ?? 30_000
    };
    this.#reporter = new Reporter(SDK, options.appVersion, options.database);
    this.#tokens = new TokenSource(this.#via, this.#url, options.getToken ?? (async () => null), options.developmentUser, () => this.#reporter.known());
  }

  /** For the sync service; null when nobody is signed in. */
  async fetchCredentials(): Promise<PowerSyncCredentials | null> {
    const t = await this.#tokens.fresh();
    return t === null
      ? null
      : {
          endpoint: t.endpoint,
          token: t.token,
          ...(t.expiresAt === undefined ? {} : { expiresAt: new Date(t.expiresAt) })
        };
  }

  /** Uploads until the queue is empty, or throws and leaves the rest for PowerSync's next try. */
  async uploadData(database: CommonPowerSyncDatabase): Promise<void> {
    try {
      while (await this.#uploadOnce(database)) {
        /* until nothing is left */
      }
      this.#reporter.lastError = undefined;
    } catch (e) {
      this.#reporter.lastError = e instanceof Error ? e.message : String(e);
      throw e;
    }
  }

  /** One request; true when there may be more to do. */
  async #uploadOnce(database: CommonPowerSyncDatabase): Promise<boolean> {
    const batch = await this.#collect(database);
    if (batch.length === 0) return false;
    const answer = await this.#send({
      client: await this.#reporter.of(database),
      transactions: batch.map(wireTransaction)
    });
    if (answer.status !== 200) {
      await pause(answer.retryAfterMs);
      throw problem('Upload not accepted', answer);
    }
    return this.#settle(batch, readResults(answer.body, batch.length));
  }

  async #collect(database: CommonPowerSyncDatabase): Promise<CrudTransaction[]> {
    const mostTransactions = Math.min(50, Math.max(1, this.#options.maxTransactions ?? 50));
    const mostOperations = this.#options.maxOperations ?? 1000;
    const batch: CrudTransaction[] = [];
    let operations = 0;
    for await (const tx of database.getCrudTransactions()) {
      batch.push(tx);
      operations += tx.crud.length;
      if (batch.length >= mostTransactions || operations >= mostOperations) break;
    }
    return batch;
  }

  /** Sends with the current token; a refused token is replaced once. */
  async #send(body: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const t = await this.#tokens.current();
      if (t === null) throw new TurnkeyError('Nobody is signed in, so nothing can be uploaded', undefined, 'signed_out');
      const answer = await post(this.#via, `${this.#url}/api/data`, t.token, body);
      if (answer.status !== 401 || attempt > 1) return answer;
      this.#tokens.refused(t.token);
    }
  }

  /**
   * Takes what is settled off the queue. Completing a transaction completes everything before it, so
   * only a prefix is ever completed, once, and before anybody is told.
   */
  async #settle(batch: CrudTransaction[], results: WireResult[]): Promise<boolean> {
    let settled = -1;
    let stopped: WireResult | undefined;
    let retained: TurnkeyError | undefined;
    const rejected: RejectedWrite[] = [];
    for (const [i, r] of results.entries()) {
      const tx = batch[i] as CrudTransaction;
      if (r.status === 'fatal_error') {
        const write = rejectedWrite(tx, r);
        if (r.requires_client_handling && (await this.#decide(write)) === 'retain') {
          retained = new TurnkeyError(`A write waits for the app: ${write.message}`, 200, write.code, write.hint);
          break;
        }
        if (!r.requires_client_handling) rejected.push(write);
      } else if (r.status !== 'success') {
        stopped = r;
        break;
      }
      settled = i;
    }
    if (settled >= 0) await batch[settled]?.complete();
    await this.#tell(rejected);
    if (retained) throw retained;
    if (settled < 0 && stopped?.status !== 'retryable_error') {
      throw new TurnkeyError('The server attempted nothing and gave no reason', 200, 'malformed_answer');
    }
    if (stopped?.status === 'retryable_error') {
      await pause(stopped.retry_after_ms ?? 0);
      throw new TurnkeyError(stopped.message ?? 'The server asks to try again later', 200, stopped.error_code);
    }
    return true;
  }

  /** Tells of every refused write: they have left the queue, so one that the app fails on must not hide the others. */
  async #tell(rejected: RejectedWrite[]): Promise<void> {
    const failures: unknown[] = [];
    for (const write of rejected) {
      try {
        await this.#options.onRejected?.(write);
      } catch (e) {
        failures.push(e);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #decide(write: RejectedWrite): Promise<Decision> {
    return (await this.#options.onClientHandling?.(write)) ?? 'retain';
  }
}

function rejectedWrite(transaction: CrudTransaction, r: WireResult): RejectedWrite {
  const f = r.failed_operation;
  return {
    transaction,
    code: f?.error_code ?? 'UNCLASSIFIED_ERROR',
    message: f?.message ?? r.message ?? 'The write was refused.',
    ...(f?.hint === undefined ? {} : { hint: f.hint }),
    ...(f?.operation_index === undefined ? {} : { operationIndex: f.operation_index }),
    ...(f?.details === undefined ? {} : { details: f.details }),
    ...(r.rejection_id === undefined ? {} : { rejectionId: r.rejection_id })
  };
}

function pause(ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((done) => setTimeout(done, Math.min(ms, LONGEST_WAIT_MS)));
}
