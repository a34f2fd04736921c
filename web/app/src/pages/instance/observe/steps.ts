/** Kinds of steps, for people. */
export const kinds: Record<string, string> = { database: "Database:", hook: "Hook" };

/** Where the bar of a step begins and how wide it is, in per cent of the whole; short ones can still be seen. */
export function barOf(step: { at_us: number; duration_us: number }, whole: number): { from: number; width: number } {
  const all = Math.max(1, whole);
  const width = Math.min(100, Math.max(1, (100 * step.duration_us) / all));
  return { from: Math.max(0, Math.min(100 - width, (100 * step.at_us) / all)), width };
}
