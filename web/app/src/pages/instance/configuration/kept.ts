// Unsaved text of a configuration, kept in this tab: it survives a reload and other pages, and ends with the tab.

/** An edit that is not saved yet. */
export interface Kept {
  text: string;
  /** What the text was made from: its ETag and the text itself, to tell what somebody else changed. */
  tag: string;
  base: string;
  at: string;
}

const name = (user: string, instance: string): string => `turnkey:configuration:${user}:${instance}`;

export function read(user: string, instance: string): Kept | undefined {
  try {
    const k = JSON.parse(sessionStorage.getItem(name(user, instance)) ?? "null") as Partial<Kept> | null;
    return typeof k?.text === "string" && typeof k.tag === "string" && typeof k.base === "string" && typeof k.at === "string" ? (k as Kept) : undefined;
  } catch {
    return undefined; // storage is forbidden or holds something else: nothing is kept
  }
}

export function write(user: string, instance: string, kept: Kept | undefined): void {
  try {
    if (kept) sessionStorage.setItem(name(user, instance), JSON.stringify(kept));
    else sessionStorage.removeItem(name(user, instance));
  } catch {
    // Storage is full or forbidden: the text lives as long as the page, which says so when it is left.
  }
}
