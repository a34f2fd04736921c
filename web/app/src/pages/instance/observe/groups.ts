import type { LogLine } from "./useTail";

/** A row of the list: a line, perhaps one of several of its request. */
export interface LogRow {
  line: LogLine;
  /** How many lines of the same request stand together, on the first of them. */
  group: number;
  /** Not the first of its request. */
  inner: boolean;
}

/** Rows by their place. Only those in sight are asked for. */
export interface LogRows {
  length: number;
  at: (n: number) => LogRow | undefined;
}

/** Lines as they are, each by itself. It makes nothing for lines that nobody looks at: it is called each frame. */
export function flat(lines: readonly LogLine[]): LogRows {
  return { length: lines.length, at: (n) => { const line = lines[n]; return line && { line, group: 1, inner: false }; } };
}

/** Lines of one request together, where the first of them stands. */
export function byRequest(lines: readonly LogLine[]): LogRows {
  const groups = new Map<string, LogLine[]>();
  for (const line of lines) {
    const key = line.request_id || line.id;
    const have = groups.get(key);
    if (have) have.push(line);
    else groups.set(key, [line]);
  }
  const rows: LogRow[] = [];
  for (const list of groups.values()) list.forEach((line, n) => rows.push({ line, group: n === 0 ? list.length : 1, inner: n > 0 }));
  return { length: rows.length, at: (n) => rows[n] };
}
