import { useEffect, useState, type ReactNode } from "react";

const units: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago", at a given moment (both in milliseconds). */
export function ago(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size || unit === "second") return relative.format(Math.trunc(seconds / size), unit);
  }
  return "";
}

/** A moment, told as a distance, with the exact time on hover. */
export function Time({ at }: { at: string | undefined }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()); }, 20_000);
    return () => { clearInterval(timer); };
  }, []);
  if (!at) return <span>never</span>;
  const moment = new Date(at);
  return <time dateTime={at} title={moment.toLocaleString()}>{ago(moment.getTime(), Math.max(now, moment.getTime()))}</time>;
}
