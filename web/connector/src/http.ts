import { TurnkeyError } from './errors.js';

/** An answer whose body has been read. */
export interface Answer {
  status: number;
  body: unknown;
  retryAfterMs: number;
}

export interface Requester {
  fetch: typeof globalThis.fetch;
  timeoutMs: number;
}

/** Posts JSON and reads the answer; throws TurnkeyError only when there was none. */
export async function post(via: Requester, url: string, bearer: string | null, body: unknown): Promise<Answer> {
  const abort = new AbortController(); // AbortSignal.timeout is missing in React Native
  const timer = setTimeout(() => abort.abort(), via.timeoutMs);
  try {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`;
    const response = await via.fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: abort.signal });
    const text = await response.text();
    return { status: response.status, body: parse(text), retryAfterMs: retryAfter(response.headers.get('retry-after')) };
  } catch (cause) {
    throw new TurnkeyError(`No answer from ${url}`, undefined, 'network', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The error inside an answer that is not a success. */
export function problem(what: string, answer: Answer): TurnkeyError {
  const p = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as Record<string, unknown>;
  const text = (v: unknown) => (typeof v === 'string' ? v : undefined);
  const message = text(p['detail']) ?? text(p['message']) ?? `HTTP ${answer.status}`;
  return new TurnkeyError(`${what}: ${message}`, answer.status, text(p['code']), text(p['hint']));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page, say; the status decides
  }
}

function retryAfter(header: string | null): number {
  const seconds = Number(header);
  return header !== null && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
