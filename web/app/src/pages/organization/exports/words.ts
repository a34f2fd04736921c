import type { components } from "../../../api/schema";
import { counted } from "../../instance/observe/numbers";

export type Export = components["schemas"]["TelemetryExport"];
export type ExportSignal = components["schemas"]["ExportSignal"];
export type SignalName = ExportSignal["signal"];

/** What can be exported, for people. */
export const signals: { value: SignalName; label: string; note: string }[] = [
  { value: "traces", label: "Traces", note: "each write with its hooks and its requests to the database" },
  { value: "metrics", label: "Metrics", note: "every counter and duration, once a minute" },
  { value: "logs", label: "Logs", note: "the lines of the log" },
];

export function signalLabel(signal: string): string {
  return signals.find((s) => s.value === signal)?.label ?? signal;
}

/** How the sending of a signal goes, in a word and its colour. */
export function stateOf(s: ExportSignal): { color: string; word: string } {
  if (!s.due_at) return { color: "gray", word: "Paused" };
  if (s.failed_attempts > 0) return { color: "red", word: "Failing" };
  if (s.error) return { color: "yellow", word: "Partly refused" };
  if (!s.sent_at) return { color: "gray", word: "Nothing sent yet" };
  return { color: "teal", word: "Fine" };
}

/** "120 sent, 3 dropped". */
export function amounts(s: ExportSignal): string {
  return `${counted(s.sent)} sent, ${counted(s.dropped)} dropped`;
}

/** A header as the form holds it; an empty value of a kept one stays as it is. */
export interface HeaderField {
  key: string;
  name: string;
  value: string;
  kept: boolean;
}

/** What is sent of the form's headers, and what is wrong with them. */
export function headersOf(fields: HeaderField[]): { headers: Record<string, string>; problem: string | undefined } {
  const headers: Record<string, string> = {};
  for (const f of fields) {
    const name = f.name.trim().toLowerCase();
    if (name === "" && f.value === "") continue;
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return { headers, problem: "A header needs a name of letters, digits and dashes." };
    if (Object.hasOwn(headers, name)) return { headers, problem: `The header ${name} is there twice.` };
    if (f.value === "" && !f.kept) return { headers, problem: `The header ${name} needs a value.` };
    headers[name] = f.value;
  }
  return { headers, problem: undefined };
}

/** Whether another address is of another host: then the kept headers do not go with it. */
export function moved(before: string, after: string): boolean {
  try {
    return new URL(before).origin !== new URL(after).origin;
  } catch {
    return true;
  }
}
