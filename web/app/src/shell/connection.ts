import { useSyncExternalStore } from "react";

/** Whether the server answers, as far as the pages have asked it lately. */
class Connection {
  private lost = false;
  private readonly listeners = new Set<() => void>();

  readonly get = (): boolean => this.lost;

  readonly set = (lost: boolean): void => {
    if (lost === this.lost) return;
    this.lost = lost;
    for (const listener of this.listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => { this.listeners.delete(listener); };
  };
}

export const connection = new Connection();

export function useLost(): boolean {
  return useSyncExternalStore(connection.subscribe, connection.get);
}
