import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { counted } from "./numbers";
import type { Tail } from "./useTail";

/** How often those are told who listen instead of looking: each line by itself would never end. */
const every = 5_000;

/** Says how many lines came, and how many of them are errors. */
export function Heard({ tail }: { tail: Tail }): ReactNode {
  const latest = useRef(tail);
  const told = useRef<number>(undefined);
  const [text, setText] = useState("");
  useEffect(() => { latest.current = tail; });
  useEffect(() => {
    const timer = setInterval(() => {
      const { lines, dropped, state } = latest.current;
      const all = lines.length + dropped;
      const fresh = told.current === undefined ? 0 : all - told.current;
      told.current = all;
      if (state !== "live" || fresh <= 0) return;
      const errors = lines.slice(-fresh).filter((l) => l.level === "error").length;
      setText(`${counted(fresh)} new ${fresh === 1 ? "line" : "lines"}${errors > 0 ? `, ${counted(errors)} of them ${errors === 1 ? "an error" : "errors"}` : ""}`);
    }, every);
    return () => { clearInterval(timer); };
  }, []);
  return <VisuallyHidden role="status">{text}</VisuallyHidden>;
}
