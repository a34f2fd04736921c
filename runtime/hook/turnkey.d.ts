// turnkey.d.ts: what hooks can use. Everything that is declared here exists, and what is not declared here or
// in the language (ECMAScript 2022, with the exceptions below) does not.
//
// Files:  hooks/<table>.ts         export default { beforeWrite, resolveConflict, afterWrite, afterCommit } satisfies Hooks<"<table>">
//         hooks/_transaction.ts    export default { beforeTransaction } satisfies TransactionHooks
//         hooks/_auth.ts           export default { resolveUser } satisfies AuthHooks
//         lib/...                  shared code and .json, imported by relative paths: import { x } from "../lib/x"
//         *.test.ts                tests, which run when you deploy
//
// Functions may be plain or async. The memory of a file (its top-level variables) lives for one client transaction.
// Date, Date.now() and ctx.now stand still during an operation; Math.random(), crypto and ctx.random() give the same
// values when the operation is tried again.
//
// Not available: Intl (toLocaleString takes no notice of locales), WeakRef, FinalizationRegistry, Atomics, SharedArrayBuffer,
// iterator helpers, Object.groupBy, Promise.withResolvers, Array.fromAsync, regular expressions with \p{...} or the flags v and d,
// top-level await, npm packages, Node's modules. Decorators are those of the language, not those of experimentalDecorators.
//
// Values: ids, UUIDs and decimals are strings, dates are ISO 8601 strings in UTC, binary is base64, integers beyond
// Number.MAX_SAFE_INTEGER are strings. In what you return, a Date becomes its ISO string, a member that is undefined is left out, and what JSON
// cannot hold (NaN, functions, bigint, Map, Promise ...) is an error that names the member.

/**
 * Your tables' rows, by the table's name. The editor fills it, Columns and StoredAs from the instance's draft, and so does
 * GET /api/v1/instances/{instance}/hooks/types.d.ts; without that all rows have any members.
 */
interface Tables {}
/** What devices may send of a row, by the table's name. */
interface Columns {}
/** The names that tables have in the source, for ctx.db: interface StoredAs { Todos: "todos" } */
interface StoredAs {}

/** A table's row; any members for tables that Tables does not know. */
type Row<T extends string = string> = T extends keyof Tables ? Tables[T] : T extends keyof StoredAs ? Row<StoredAs[T] & string> : { [field: string]: any };

/** What a device sends of a row: the columns that it sets. */
type Data<T extends string = string> = T extends keyof Columns ? Columns[T] : Partial<Row<T>> & { [field: string]: any };

/** What a hook may give of a row. */
type Values<T extends string = string> = Partial<Input<Data<T>>>;

/** What may be given for a value: a Date becomes its ISO string. */
type Input<V> = 0 extends 1 & V ? any
  : V extends string ? (string extends V ? string | Date : V)
  : V extends readonly (infer E)[] ? Input<E>[]
  : V extends object ? { [M in keyof V]: Input<V[M]> } : V;

type Awaitable<T> = T | Promise<T>;

/** One operation of the client's upload, with the names of your source database. */
type Write<T extends string = string> = Save<T> | Deletion<T>;

interface Operation<T extends string = string> {
  readonly table: T;
  readonly id: string;
  /** What the device saw before its write, if it said so. */
  readonly previousValues: Partial<Row<T>> | null;
  readonly metadata: any;
  /** The stored row, read and locked in this transaction; null if there is none. */
  readonly old: Row<T> | null;
}

/** An operation that makes or changes a row. */
interface Save<T extends string = string> extends Operation<T> {
  /** PUT has the whole row as the device made it, PATCH the columns that it changed. */
  readonly op: "PUT" | "PATCH";
  /** The values that the client sent. Changes made in place count, also if nothing is returned. */
  readonly data: Data<T>;
}

/** An operation that deletes a row: it has no data, so look at op (or use data?.) before you read any. */
interface Deletion<T extends string = string> extends Operation<T> {
  readonly op: "DELETE";
  readonly data: null;
}

interface Conflict<T extends string = string> {
  /** What the device saw before its write; null if it did not say. */
  readonly base: Partial<Row<T>> | null;
  readonly server: Row<T>;
  readonly client: Partial<Row<T>>;
  /** The fields that conflict. */
  readonly fields: readonly string[];
  readonly write: Write<T>;
}

/** What was written. */
interface Change<T extends string = string> {
  readonly op: "PUT" | "PATCH" | "DELETE";
  readonly table: T;
  readonly id: string;
  /** null when the row was created. */
  readonly old: Row<T> | null;
  /** null when the row was deleted. */
  readonly new: Row<T> | null;
  /** The fields that differ. */
  readonly fields: readonly string[];
}

interface User {
  readonly id: string;
  readonly claims: { readonly [name: string]: any };
  readonly provider?: string;
}

/** A verified token, before anybody decided who that is. */
interface Identity {
  readonly provider: string;
  /** What the configuration would make of it; "" if nothing. */
  readonly userId: string;
  readonly claims: { readonly [name: string]: any };
}

/** What ctx.drop gives; return it. */
interface Dropped { readonly dropped: true }

interface Log {
  (...values: unknown[]): void;
  debug(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** What every function has. */
interface BaseContext {
  /** The operation's time; it stands still. */
  readonly now: Date;
  /** The names under hooks.env of the configuration. */
  readonly env: { readonly [name: string]: string };
  /** Lines of the instance's log, which keeps the first 500 bytes of each: at most 100 for each call. console.log is the same. */
  readonly log: Log;
  /** A number in [0, 1), the same when the operation is tried again. */
  random(): number;
  /** A random UUID, the same when the operation is tried again. */
  uuid(): string;
}

/** The context of functions that may still refuse. */
interface Refusing {
  /** Refuses the client's transaction for good: it throws. The client gets code, message and details. */
  reject(code: string, message?: string, details?: unknown): never;
}

interface Enqueueing {
  /**
   * Sends payload as a signed webhook after the commit, at least once; outbox is a name under `outbox` of the configuration.
   * An operation that changes nothing sends nothing, but one that is dropped does.
   */
  enqueue(outbox: string, payload: unknown): void;
}

interface Context extends BaseContext, Refusing, Enqueueing {
  /** Who writes. */
  readonly user: User;
  /** Your database, in the transaction of the upload; see Database. */
  readonly db: Database;
}

interface WriteContext extends Context {
  /** Forgets the operation: it succeeds, and nothing is written. Write `return ctx.drop(reason)`. */
  drop(reason?: string): Dropped;
}

/** There is no db: the transaction has ended. What is enqueued is sent when the function has succeeded. */
interface CommitContext extends BaseContext, Enqueueing {
  /** Who wrote. */
  readonly user: User;
  /** The same on each attempt to deliver this change. */
  readonly deliveryId: string;
  fetch: typeof fetch;
}

/** There is no db: no transaction goes on. */
interface AuthContext extends BaseContext {
  fetch: typeof fetch;
  /** Refuses the token or the upload: it throws. The app gets 403 with code and message. */
  reject(code: string, message?: string): never;
}

interface Hooks<T extends string = string> {
  /** Before the rules and policies decide. Return the data to write, nothing to keep it, or ctx.drop(reason). */
  beforeWrite?(write: Write<T>, ctx: WriteContext): Awaitable<Values<T> | Dropped | void>;
  /**
   * For `on_conflict: hook` and fields with `merge: hook`. Return the row's values (what they leave out is the client's; under
   * `merge` those of other policies stay theirs), "client", or "server" (the fields in conflict stay as they are stored).
   */
  resolveConflict?(conflict: Conflict<T>, ctx: Context): Awaitable<Values<T> | "client" | "server">;
  /** Inside the transaction, after the row was written. What it returns is ignored. */
  afterWrite?(change: Change<T>, ctx: Context): Awaitable<unknown>;
  /** After the commit, at least once. What it returns is ignored; if it throws, it is tried again later. */
  afterCommit?(change: Change<T>, ctx: CommitContext): Awaitable<unknown>;
}

interface TransactionHooks {
  /** Before the first operation of a client's transaction; may refuse it as a whole. */
  beforeTransaction?(writes: readonly Write[], ctx: Context): Awaitable<unknown>;
}

interface AuthHooks {
  /**
   * Decides who a verified identity is, for tokens and uploads; it must give one identity the same user each time. Asked for tokens
   * of your providers, also those that look users up, not for API keys, anonymous users and development tokens: those name final ids.
   * userId is taken as it is (1 to 512 bytes, no control characters), without user_id_prefix. claims are laid over those of auth.claims;
   * null takes one away. sub, aud, iat, exp, nbf, iss, jti, kid and names that Turnkey sets cannot be set.
   * A provider's token that /upload takes itself (upload: true) is remembered with its user as long as a minted token would live.
   */
  resolveUser?(identity: Identity, ctx: AuthContext): Awaitable<{ userId: string; claims?: { [name: string]: any } }>;
}

// ---- the database ----

/** Not in afterCommit and resolveUser. At most 50 calls for each function, in the transaction of the upload: reads see its writes. No rules, no hooks, types are checked. */
interface Database {
  /** A table of the configuration, by its name there or in the source. */
  collection<T extends TableName>(name: T): Table<Row<T>>;
  /** The same as collection. */
  table<T extends TableName>(name: T): Table<Row<T>>;
}

/** The names that ctx.db takes; any where Tables knows none. */
type TableName = [keyof Tables] extends [never] ? string : (keyof Tables | keyof StoredAs) & string;

type Condition<V> = V | { $eq?: V; $ne?: V; $gt?: V; $gte?: V; $lt?: V; $lte?: V; $in?: V[] };
/**
 * All members must hold. A member that is undefined is an error. Fields have the source's names, and `id` is the key whatever its name.
 * Values are typed by the configuration, else by the database's column, else as JSON: in MongoDB declare fields that hold ids, dates or decimals, or a
 * text never equals them. Null also finds rows without the field, and so does $ne; null is neither less nor greater.
 * MongoDB: "address.city" looks into documents, and a condition on a list holds when it holds for an element. PostgreSQL: columns that
 * hold JSON can only be compared with null. Text is ordered as the database orders it.
 */
type Filter<R> = { [F in keyof R | "id"]?: Condition<F extends keyof R ? Input<R[F]> : any> } & { [path: `${string}.${string}`]: any };

interface FindOptions {
  /** Null comes first. Rows that are equal here, and all rows without sort, come by their key. */
  sort?: { [field: string]: 1 | -1 };
  /** 100 if it is not given, at most 1000. */
  limit?: number;
  /** At most 10,000. */
  skip?: number;
  /** Only these members of the rows, and the key. */
  fields?: string[];
}

/**
 * What is written is part of the client's transaction: later operations and calls see it, and nothing of it stays if the transaction is
 * refused. Neither `allow` nor immutable fields and transitions hold for it; with PostgreSQL's row-level security the user's rights do.
 *
 * Errors that can be caught are of class Error with a `code`: unknown_table, unknown_field, invalid_query, invalid_value, id_required,
 * duplicate_key (insertOne), own_row, too_large (rows of more than 512 kB), too_many_calls. Nothing has been done then.
 * own_row: the row whose hook runs cannot be written, also not in afterWrite; return what it is to be from beforeWrite.
 *
 * What the database refuses (a unique index, a foreign key, a check) refuses the client's transaction with the constraint's code; when
 * another write was in the way, everything begins again. The code does not go on in either case. Two transactions that write one row never lose a
 * write; a row that was only read may be changed by another transaction at the same time.
 */
interface Table<R> {
  findOne(filter: Filter<R>, options?: FindOptions): Promise<R | null>;
  find(filter?: Filter<R>, options?: FindOptions): Promise<R[]>;
  count(filter?: Filter<R>): Promise<number>;
  /** The key is `id` or has its own name; without it one is made, but for tables whose ids are numbers. */
  insertOne(document: Partial<Input<R>> & { id?: string | number }): Promise<{ insertedId: string }>;
  /** Changes the first row by its key. "address.city" changes a member of an object; an object that is given whole replaces what was there. */
  updateOne(filter: Filter<R>, changes: Partial<Input<R>> | { $set: Partial<Input<R>> } | { [path: `${string}.${string}`]: any }): Promise<{ matchedCount: number; modifiedCount: number }>;
  /** Deletes the first row by its key. On tables with `deletes: tombstone` no device can make it again. */
  deleteOne(filter: Filter<R>): Promise<{ deletedCount: number }>;
}

// ---- globals ----

interface Console {
  log(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}
declare var console: Console;

/** Waiting for timers counts as time of the hook; those left when the function has ended are dropped. */
declare function setTimeout(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
declare function clearTimeout(id: number | undefined): void;
declare function setInterval(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
declare function clearInterval(id: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;

/** Plain values, dates, regular expressions, maps, sets, errors and bytes. */
declare function structuredClone<T>(value: T): T;
declare function atob(text: string): string;
declare function btoa(text: string): string;

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
}
/** UTF-8 only. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

type BufferEncoding = "utf8" | "utf-8" | "base64" | "base64url" | "hex" | "latin1" | "binary" | "ascii";
/** A small part of Node's Buffer. */
interface Buffer extends Uint8Array {
  toString(encoding?: BufferEncoding): string;
  equals(other: Uint8Array): boolean;
}
declare var Buffer: {
  readonly prototype: Buffer;
  from(text: string, encoding?: BufferEncoding): Buffer;
  from(bytes: number[] | ArrayBuffer | ArrayBufferView): Buffer;
  isBuffer(value: unknown): value is Buffer;
  byteLength(text: string, encoding?: BufferEncoding): number;
  concat(list: Uint8Array[]): Buffer;
};

interface Crypto {
  randomUUID(): string;
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  readonly subtle: {
    digest(algorithm: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512" | { name: string }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  };
}
declare var crypto: Crypto;

/** Host names in ASCII only. */
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
}
declare class URLSearchParams {
  constructor(init?: string | Iterable<[string, string]> | { [name: string]: string });
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}

/**
 * Only in afterCommit and resolveUser, and only to the hosts under hooks.fetch, by https at port 443 or 8443; at most 10 times. A request has at
 * most 64 kB with its headers (bytes of a body count 4 for 3), an answer 1 MB. It takes at most 10 seconds, all of a call together 12 in
 * afterCommit and 5 in resolveUser. At most 5 redirects are followed, within the list; to another origin only Accept, Accept-Language,
 * Content-Type and User-Agent go along. No cookies. What fails is an Error with a `code`: fetch_host, fetch_address, fetch_timeout,
 * fetch_too_large, fetch_redirect, fetch_unknown_host, fetch_certificate, fetch_failed, fetch_url, fetch_method, fetch_header, fetch_body,
 * too_many_calls.
 */
declare function fetch(url: string | URL, init?: {
  method?: string;
  headers?: { [name: string]: string } | Iterable<[string, string]> | Headers;
  body?: string | ArrayBuffer | ArrayBufferView | URLSearchParams;
}): Promise<Response>;
declare class Headers {
  constructor(init?: { [name: string]: string } | Iterable<[string, string]>);
  append(name: string, value: string): void;
  set(name: string, value: string): void;
  get(name: string): string | null;
  has(name: string): boolean;
  delete(name: string): void;
  forEach(callback: (value: string, name: string, headers: Headers) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
interface Response {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  text(): Promise<string>;
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
}

// ---- tests: these exist in *.test.ts only ----
// Time stands at 2026-01-01T00:00:00Z unless run is told another; randomness is the same each time; ctx.env has what run is given.

/** Declares a test. Each runs in a fresh global state. */
declare function test(name: string, run: () => Awaitable<unknown>): void;
declare function expect(value: unknown): Expectation & { readonly not: Expectation; readonly rejects: AsyncExpectation & { readonly not: AsyncExpectation } };

interface Expectation {
  /** The same value (Object.is). */
  toBe(expected: unknown): void;
  /** Equal members, all the way down; members that are undefined do not count. */
  toEqual(expected: unknown): void;
  /** Has at least the members of expected, all the way down. */
  toMatchObject(expected: unknown): void;
  /** Text with that part, or a list with that (equal) element. */
  toContain(expected: unknown): void;
  toHaveLength(expected: number): void;
  toBeNull(): void;
  toBeUndefined(): void;
  toBeDefined(): void;
  toBeTruthy(): void;
  toBeFalsy(): void;
  toBeGreaterThan(expected: number): void;
  toBeLessThan(expected: number): void;
  /** The function throws; the message has that part, matches, or the error is of that class. */
  toThrow(expected?: string | RegExp | (new (...args: any[]) => Error)): void;
}
/** Of what a promise is rejected with. */
type AsyncExpectation = { [M in keyof Expectation]: (...args: Parameters<Expectation[M]>) => Promise<void> };

/** What run(hooks, name, ...) is told; what is missing is made up. */
interface RunInput {
  op?: "PUT" | "PATCH" | "DELETE";
  table?: string;
  id?: string;
  data?: any;
  previousValues?: any;
  metadata?: any;
  old?: any;
  /** resolveConflict: */
  base?: any;
  server?: any;
  client?: any;
  fields?: string[];
  /** afterWrite and afterCommit: */
  new?: any;
  deliveryId?: string;
  /** beforeTransaction: */
  writes?: any[];
  /** resolveUser: */
  identity?: { provider?: string; userId?: string; claims?: any };
  user?: { id?: string; claims?: any; provider?: string } | null;
  env?: { [name: string]: string };
  now?: string | number | Date;
  /** The rows of ctx.db, by table, each with _id or id; they change as the hook writes. */
  db?: { [table: string]: any[] };
  /** Answers ctx.fetch: JSON of `body` unless it is text. */
  fetch?: (request: { url: string; method: string; headers: { [name: string]: string }; body: string }) => Awaitable<{ status?: number; headers?: { [name: string]: string }; body?: any }>;
}

interface RunResult {
  result: "kept" | "changed" | "dropped" | "rejected" | "client" | "server" | "values" | "resolved" | "done" | "absent";
  /** The data, the row's values, or {userId, claims}; of a kept write its data. */
  value?: any;
  reason?: string;
  code?: string;
  message?: string;
  details?: any;
  /** What was given to ctx.enqueue. */
  enqueued: { outbox: string; payload: any }[];
}
/**
 * Calls a hook as the runtime would: arguments and results pass through JSON and are checked. ctx.reject gives a result; if the hook
 * throws or returns nonsense, so does run.
 *
 *     const out = await run(todos, "beforeWrite", { op: "PATCH", data: { done: true }, old: { title: "a" } });
 */
declare function run(hooks: object, name: keyof Hooks | keyof TransactionHooks | keyof AuthHooks, input?: RunInput): Promise<RunResult>;
