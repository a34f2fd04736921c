/**
 * What the connector throws. PowerSync keeps the queue and calls again after its retry delay, so a
 * thrown error never loses a write.
 */
export class TurnkeyError extends Error {
  override readonly name = 'TurnkeyError';

  constructor(
    message: string,
    /** HTTP status of the answer; undefined when there was none. */
    readonly status?: number,
    /** Stable code from the answer, such as `source_down`. */
    readonly code?: string,
    /** What to change, when the server knows. */
    readonly hint?: string,
    options?: ErrorOptions
  ) {
    super(message, options);
  }
}
