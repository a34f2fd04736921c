import type { LogLine } from "./useTail";

/** A row of the list: a line, perhaps one of several of its request. */
export interface LogRow {
  line: LogLine;
  /** How many lines of the same request stand together, on the first of them. */
  group: number;
  /** Not the first of its request. */
  inner: boolean;
}

/** Lines as they are, each by itself. */
export function flat(lines: readonly LogLine[]): LogRow[] {
  return lines.map((line) => ({ line, group: 1, inner: false }));
}

/** Lines of one request together, where the first of them stands. */
export function byRequest(lines: readonly LogLine[]): LogRow[] {
  const groups = new Map<string, LogLine[]>();
  for (const line of lines) {
    const key = line.request_id || line.id;
    const have = groups.get(key);
    if (have) have.push(line);
    else groups.set(key, [line]);
  }
  const rows: LogRow[] = [];
  for (const list of groups.values()) list.forEach((line, n) => rows.push({ line, group: n === 0 ? list.length : 1, inner: n > 0 }));
  return rows;
}
