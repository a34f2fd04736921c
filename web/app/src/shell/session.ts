import { useSyncExternalStore } from "react";

/** no: as far as is known one is signed in; asking: a dialog says that one is not; later: it was put away. */
export type Ended = "no" | "asking" | "later";

/**
 * Whether the session ended under a page that is open. The page stays, with whatever is being typed on it, and a dialog asks to
 * sign in again.
 */
class Session {
  private now: Ended = "no";
  private readonly listeners = new Set<() => void>();

  readonly get = (): Ended => this.now;

  /** Says that the server knows nobody any more. Asked for by somebody (and not by the page's own reading), it is said again. */
  end(asked: boolean): void {
    if (this.now === "no" || (asked && this.now === "later")) this.become("asking");
  }

  later(): void {
    if (this.now === "asking") this.become("later");
  }

  resume(): void {
    this.become("no");
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => { this.listeners.delete(listener); };
  };

  private become(now: Ended): void {
    this.now = now;
    for (const listener of this.listeners) listener();
  }
}

export const session = new Session();

export function useEnded(): Ended {
  return useSyncExternalStore(session.subscribe, session.get);
}
