import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { body, client } from "../../../api/client";
import { asProblem, type Problem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { LineBuffer } from "./buffer";

export type LogLine = components["schemas"]["LogEntry"];

/** Filters as the API takes them; empty ones are left out. */
export type LogFilter = Partial<Record<"level" | "kind" | "request_id" | "user_id" | "client_id" | "table" | "code" | "outcome" | "text", string>>;

export interface Tail {
  lines: readonly LogLine[];
  dropped: number;
  /** reading: the newest lines are being fetched; live, paused; lost: connecting again. */
  state: "reading" | "live" | "paused" | "lost" | "failed";
  problem: Problem | undefined;
  older: (() => void) | undefined;
  loadingOlder: boolean;
  clear: () => void;
  /** Begins anew, where the newest lines could not be read. */
  again: () => void;
}

const page = 100;

/**
 * Follows an instance's log: the newest lines first, then what arrives, without a gap between. Whoever uses
 * it gives its component a key of instance and filter: another filter is another tail.
 */
export function useTail(instance: string, filter: LogFilter, live: boolean): Tail {
  const key = JSON.stringify(filter);
  const [buffer] = useState(() => new LineBuffer<LogLine>());
  const [, redraw] = useState(0);
  const [state, setState] = useState<Tail["state"]>("reading");
  const [problem, setProblem] = useState<Problem>();
  const [cursor, setCursor] = useState<string>();
  const [begun, setBegun] = useState(false);
  const [loadingOlder, setLoadingOlder] = useState(false);
  const bare = useRef(false); // there was no line to go on from
  const [tries, setTries] = useState(0);

  // The newest lines.
  useEffect(() => {
    let over = false;
    read(instance, JSON.parse(key) as LogFilter).then(
      (p) => {
        if (over) return;
        buffer.prepend(oldestFirst(p));
        bare.current = buffer.lines.length === 0;
        setCursor(p.next_cursor ?? undefined);
        setBegun(true);
        setProblem(undefined);
        setState("paused");
      },
      (e: unknown) => { if (!over) { setProblem(asProblem(e)); setState("failed"); } },
    );
    return () => { over = true; };
  }, [buffer, instance, key, tries]);

  // What arrives, drawn once a frame.
  useEffect(() => {
    if (!live || !begun) return;
    const newest = buffer.lines[buffer.lines.length - 1]?.id;
    const query = new URLSearchParams({ ...(JSON.parse(key) as LogFilter), follow: "true", ...(newest ? { after: newest } : {}) });
    const stream = new EventSource(`/api/v1/instances/${encodeURIComponent(instance)}/logs?${query.toString()}`);
    let frame = 0;
    let over = false;
    stream.onopen = () => {
      setState("live");
      if (newest || !bare.current) return;
      // It begins with now, and what came between the reading and now is in neither: what is there is read once more.
      read(instance, JSON.parse(key) as LogFilter).then(
        (p) => {
          if (over || !bare.current) return;
          buffer.catchUp(oldestFirst(p));
          bare.current = buffer.lines.length === 0;
          setCursor(p.next_cursor ?? undefined);
          redraw((n) => n + 1);
        },
        (e: unknown) => { if (!over) setProblem(asProblem(e)); },
      );
    };
    stream.onmessage = (e: MessageEvent<string>) => {
      buffer.push(JSON.parse(e.data) as LogLine);
      frame ||= requestAnimationFrame(() => { frame = 0; if (buffer.flush()) redraw((n) => n + 1); });
    };
    stream.addEventListener("problem", (e) => { setProblem(asProblem(JSON.parse((e as MessageEvent<string>).data))); });
    stream.onerror = () => { setState(stream.readyState === EventSource.CLOSED ? "failed" : "lost"); };
    return () => {
      over = true;
      stream.close();
      cancelAnimationFrame(frame);
      buffer.flush();
      setState("paused");
    };
  }, [buffer, begun, instance, key, live]);

  const older = useCallback(() => {
    setLoadingOlder(true);
    read(instance, JSON.parse(key) as LogFilter, cursor).then(
      (p) => { buffer.prepend(oldestFirst(p)); setCursor(p.next_cursor ?? undefined); },
      (e: unknown) => { setProblem(asProblem(e)); },
    ).finally(() => { setLoadingOlder(false); });
  }, [buffer, cursor, instance, key]);
  const clear = useCallback(() => { buffer.clear(); bare.current = false; setCursor(undefined); redraw((n) => n + 1); }, [buffer]);
  const again = useCallback(() => { setState("reading"); setTries((n) => n + 1); }, []);
  const lines = buffer.lines;
  return useMemo(() => ({ lines, dropped: buffer.dropped, state, problem, older: cursor ? older : undefined, loadingOlder, clear, again }),
    [lines, buffer, state, problem, cursor, older, loadingOlder, clear, again]);
}

const oldestFirst = (p: components["schemas"]["PageLogEntry"]): LogLine[] => [...(p.data ?? [])].reverse();

function read(instance: string, filter: LogFilter, cursor?: string) {
  return body(client.GET("/api/v1/instances/{instance}/logs", { params: { path: { instance }, query: { ...filter, cursor, limit: page } as never } })) as Promise<components["schemas"]["PageLogEntry"]>;
}
