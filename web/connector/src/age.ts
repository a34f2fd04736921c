/** How many moments are remembered; beyond, the ones in the middle go: what is oldest matters. */
const MOST = 64;

/**
 * Remembers when operations of the upload queue were first seen. The queue has ids that ascend and no times, so this
 * is as old as an operation is known to be: it may have been written before, while nobody looked.
 */
export class QueueAge {
  /** Ascending: up to which id the queue reached at which time. */
  #seen: { last: number; at: number }[] = [];

  /** Notes that the queue holds operations from `first` to `last`. */
  note(first: number, last: number, now: number): void {
    this.#seen = this.#seen.filter((s) => s.last >= first);
    const newest = this.#seen.at(-1);
    if (newest !== undefined && newest.last >= last) return;
    this.#seen.push({ last, at: now });
    if (this.#seen.length > MOST) this.#seen.splice(MOST >> 1, 1);
  }

  /** The queue is empty. */
  clear(): void {
    this.#seen = [];
  }

  /** When the oldest operation that is still there was first seen; undefined when none is. */
  oldest(): number | undefined {
    return this.#seen[0]?.at;
  }
}
