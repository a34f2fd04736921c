import { problem, post, type Requester } from './http.js';
import { TurnkeyError } from './errors.js';

/** A PowerSync token as the instance's /token answers it. */
export interface Token {
  token: string;
  endpoint: string;
  userId: string;
  /** Milliseconds since the epoch; undefined when the answer had no date. */
  expiresAt?: number;
}

/** How the instance learns who the user is. */
export type Identity = () => Promise<string | null>;

// A token this close to its end is not worth sending: it may expire on the way.
const SPARE_MS = 20_000;

/** Exchanges the app's own identity for PowerSync tokens; one exchange at a time, whoever asks. */
export class TokenSource {
  #cached: Token | null = null;
  #pending: Promise<Token | null> | null = null;

  constructor(
    private readonly via: Requester,
    private readonly url: string,
    private readonly identity: Identity,
    private readonly developmentUser: string | undefined,
    /** What the device says of itself with the request; undefined: nothing. */
    private readonly report: () => Promise<object | undefined> = async () => undefined
  ) {}

  /** The current token, fetched when missing or about to expire; null when nobody is signed in. */
  async current(): Promise<Token | null> {
    const t = this.#cached;
    if (t !== null && (t.expiresAt === undefined || t.expiresAt - Date.now() > SPARE_MS)) return t;
    return this.fresh();
  }

  /** A new token. Callers at the same time share one request. */
  fresh(): Promise<Token | null> {
    this.#pending ??= this.#exchange().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** Forgets a token that the server refused, unless a newer one is here already. */
  refused(token: string): void {
    if (this.#cached?.token === token) this.#cached = null;
  }

  async #exchange(): Promise<Token | null> {
    this.#cached = null;
    let bearer: string | null = null;
    let body: Record<string, unknown> = {};
    if (this.developmentUser !== undefined) {
      body = { user_id: this.developmentUser };
    } else {
      bearer = await this.identity();
      if (bearer === null) return null;
    }
    const client = await this.report();
    if (client !== undefined) body = { ...body, client };
    const answer = await post(this.via, `${this.url}/token`, bearer, body);
    if (answer.status !== 200) throw problem('No token', answer);
    this.#cached = read(answer.body);
    return this.#cached;
  }
}

function read(body: unknown): Token {
  const b = (body ?? {}) as Record<string, unknown>;
  if (typeof b['token'] !== 'string' || typeof b['powersync_url'] !== 'string') {
    throw new TurnkeyError('The token answer has no token or powersync_url', 200, 'malformed_answer');
  }
  const expires = Date.parse(String(b['expires_at']));
  return {
    token: b['token'],
    endpoint: b['powersync_url'].replace(/\/+$/, ''), // the SDK refuses a trailing slash
    userId: String(b['user_id'] ?? ''),
    ...(Number.isNaN(expires) ? {} : { expiresAt: expires })
  };
}
