/** What became of one of many, as the API answers it. */
export interface Outcome {
  id: string;
  status?: string;
  error_code?: string;
  message?: string;
  hint?: string;
}

/** How a bulk action is told: "37 of 40 replayed; 3 refused again". */
export interface Words {
  /** What became of those that it worked for: "replayed". */
  done: string;
  /** What became of the others: "refused again". */
  failed: string;
  /** The states that mean that it worked; absent: every state. */
  states?: string[];
}

/** What came of a bulk action. */
export interface Results {
  line: string;
  failed: Outcome[];
  /** Those that nothing was done about, because the call before them failed. */
  untried: string[];
}

const most = 3;

/** Adds up what came of the rows that were asked for; what went along with them is told apart. */
export function summarise(words: Words, asked: string[], outcomes: Outcome[], untried: string[] = []): Results {
  const last = new Map(outcomes.map((o) => [o.id, o]));
  const worked = (o: Outcome): boolean => !!o.status && !o.error_code && (words.states ?? [o.status]).includes(o.status);
  const skip = new Set(untried);
  const mine = asked.filter((id) => !skip.has(id));
  const failed = mine.flatMap((id) => {
    const o = last.get(id);
    return o && !worked(o) ? [o] : [];
  });
  // What is answered with another row's case needs no answer of its own.
  const done = mine.length - failed.length;
  const along = [...last.values()].filter((o) => !asked.includes(o.id));
  const alongDone = along.filter(worked).length;
  const parts = [`${done} of ${asked.length} ${words.done}`];
  if (failed.length > 0) parts.push(`${failed.length} ${words.failed}: ${reasons(failed)}`);
  if (alongDone > 0) parts.push(`${alongDone} that waited for them ${words.done}, too`);
  if (along.length > alongDone) parts.push(`${along.length - alongDone} that waited for them ${words.failed}`);
  if (untried.length > 0) parts.push(`${untried.length} not tried`);
  return { line: parts.join("; ") + ".", failed: [...failed, ...along.filter((o) => !worked(o))], untried };
}

/** The codes, the most frequent first. */
function reasons(failed: Outcome[]): string {
  const counts = new Map<string, number>();
  for (const o of failed) counts.set(o.error_code ?? o.status ?? "?", (counts.get(o.error_code ?? o.status ?? "?") ?? 0) + 1);
  const list = [...counts].sort((a, b) => b[1] - a[1]);
  const told = list.slice(0, most).map(([code, n]) => (n > 1 ? `${code} (${n})` : code));
  return told.join(", ") + (list.length > most ? ` and ${list.length - most} more reasons` : "");
}

/** How many go with one call: each is a transaction in the customer's database, and the call has to answer in time. */
const portion = 20;

/**
 * Does something to many, in order, a portion at a time. A call that fails ends it: what comes after may depend on what
 * was not done.
 */
export async function inPortions(ids: string[], call: (ids: string[]) => Promise<Outcome[]>, progress: (done: number) => void): Promise<{ outcomes: Outcome[]; untried: string[]; error?: unknown }> {
  const outcomes: Outcome[] = [];
  const settled = new Set<string>();
  for (let from = 0; from < ids.length; from += portion) {
    progress(from);
    // What went along with one before needs no call any more.
    const part = ids.slice(from, from + portion).filter((id) => !settled.has(id));
    if (part.length === 0) continue;
    try {
      const answer = await call(part);
      outcomes.push(...answer);
      for (const o of answer) if (!o.error_code) settled.add(o.id);
    } catch (error) {
      return { outcomes, untried: ids.slice(from).filter((id) => !settled.has(id)), error };
    }
  }
  progress(ids.length);
  return { outcomes, untried: [] };
}
