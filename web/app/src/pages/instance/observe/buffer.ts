/** What a line of the log needs to have to be kept here. */
export interface Line {
  id: string;
}

/** How many lines the page keeps: what scrolls out of it is still in the log itself. */
export const mostLines = 50_000;

/**
 * The lines that the page shows, oldest first, never more than `most`. Lines that arrive are held until
 * `flush`, which happens once for each frame that is drawn: a flood of them costs one render.
 */
export class LineBuffer<T extends Line> {
  #lines: T[] = [];
  #waiting: T[] = [];
  #ids = new Set<string>();
  #most: number;
  /** Lines that made room for newer ones. */
  dropped = 0;

  constructor(most = mostLines) {
    this.#most = most;
  }

  /** A new array after each change, so that it can be compared. */
  get lines(): readonly T[] {
    return this.#lines;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a line that arrived. One that is known, as after a connection was made anew, is passed over. */
  push(line: T): void {
    if (this.#ids.has(line.id)) return;
    this.#ids.add(line.id);
    this.#waiting.push(line);
    // Beyond what can be shown nothing needs to wait: a page in the background draws no frames.
    if (this.#waiting.length > this.#most + 1_000) this.#drop(this.#waiting.splice(0, this.#waiting.length - this.#most));
  }

  /** Puts older lines before what is there, as far as there is room. */
  prepend(older: T[]): void {
    const fresh = older.filter((l) => !this.#ids.has(l.id));
    const room = Math.max(0, this.#most - this.#lines.length);
    const taken = room === 0 ? [] : fresh.slice(-room);
    for (const l of taken) this.#ids.add(l.id);
    this.#lines = [...taken, ...this.#lines];
  }

  /** Puts before what arrived the lines that were read after it began to. Those behind a known one arrive by themselves, in their order. */
  catchUp(read: T[]): void {
    const known = read.findIndex((l) => this.#ids.has(l.id));
    this.prepend(known < 0 ? read : read.slice(0, known));
  }

  /** Shows what waits; false when that is nothing. */
  flush(): boolean {
    if (this.#waiting.length === 0) return false;
    const all = this.#lines.concat(this.#waiting);
    this.#waiting = [];
    const over = all.length - this.#most;
    if (over > 0) this.#drop(all.splice(0, over));
    this.#lines = all;
    return true;
  }

  clear(): void {
    this.#lines = [];
    this.#waiting = [];
    this.#ids.clear();
    this.dropped = 0;
  }

  #drop(gone: T[]): void {
    this.dropped += gone.length;
    for (const l of gone) this.#ids.delete(l.id);
  }
}
