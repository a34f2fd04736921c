/** One line of a difference. */
export interface Line {
  kind: "same" | "added" | "removed" | "gap";
  text: string;
}

/** How many unchanged lines are shown around a change. */
const around = 3;

/** Longest texts that are compared line by line; beyond it the whole is shown as replaced. */
const most = 4000;

/** The difference of two texts by lines; long unchanged stretches are left out. */
export function difference(before: string, after: string): Line[] {
  const a = split(before);
  const b = split(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (text: string): Line => ({ kind: "same", text });
  const middle = compare(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return shorten([...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)]);
}

function split(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The classic table of longest common subsequences. */
function compare(a: string[], b: string[]): Line[] {
  const removed = (text: string): Line => ({ kind: "removed", text });
  const added = (text: string): Line => ({ kind: "added", text });
  if (a.length > most || b.length > most || a.length * b.length > most * most) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const out: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push({ kind: "same", text: a[i] ?? "" }); i++; j++; }
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) out.push(removed(a[i++] ?? ""));
    else out.push(added(b[j++] ?? ""));
  }
  return out;
}

function shorten(lines: Line[]): Line[] {
  const near = lines.map((_, n) => lines.slice(Math.max(0, n - around), n + around + 1).some((l) => l.kind !== "same"));
  const out: Line[] = [];
  lines.forEach((l, n) => {
    if (near[n]) out.push(l);
    else if (out.at(-1)?.kind !== "gap") out.push({ kind: "gap", text: "" });
  });
  return out.some((l) => l.kind !== "gap") ? out : [];
}
