import { useSyncExternalStore } from "react";

/** A file that somebody has changed and not saved. */
export interface Edit {
  text: string;
  /** The version that was read; "" for a file that is not saved yet. */
  etag: string;
}

export type Edits = Readonly<Record<string, Edit>>;

const none: Edits = {};

/**
 * What is not saved, by instance. It lives as long as the page in the browser, so that going to another page and coming back
 * loses nothing; it is not written to the browser's storage, because code of a customer does not belong there.
 */
class EditStore {
  private readonly of = new Map<string, Edits>();
  private readonly listeners = new Set<() => void>();

  get(instance: string): Edits {
    return this.of.get(instance) ?? none;
  }

  put(instance: string, path: string, edit: Edit): void {
    this.change(instance, { ...this.get(instance), [path]: edit });
  }

  drop(instance: string, ...paths: string[]): void {
    const rest = Object.entries(this.get(instance)).filter(([path]) => !paths.includes(path));
    this.change(instance, Object.fromEntries(rest));
  }

  /** Whether closing the tab would lose something. */
  any(): boolean {
    return [...this.of.values()].some((e) => Object.keys(e).length > 0);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => { this.listeners.delete(listener); };
  };

  private change(instance: string, edits: Edits): void {
    this.of.set(instance, edits);
    for (const listener of this.listeners) listener();
  }
}

export const edits = new EditStore();

export function useEdits(instance: string): Edits {
  return useSyncExternalStore(edits.subscribe, () => edits.get(instance));
}

// One question for the whole page, also when the hooks are not shown at the moment.
window.addEventListener("beforeunload", (e) => { if (edits.any()) e.preventDefault(); });
