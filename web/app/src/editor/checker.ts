import { wrap, type Remote } from "comlink";
import type { Compiler } from "./compiler";

export type Checker = Remote<Compiler>;

let started: Checker | undefined;
let failed = false;
const listeners = new Set<() => void>();

/** TypeScript in a worker: 1 MB that is fetched once, when the first editor is shown. One serves the whole page. */
export function checker(): Checker {
  if (!started) {
    const worker = new Worker(new URL("./ts.worker.ts", import.meta.url), { type: "module", name: "typescript" });
    worker.addEventListener("error", () => {
      failed = true;
      for (const listener of listeners) listener();
    });
    started = wrap<Compiler>(worker);
  }
  return started;
}

/** Tells when the worker cannot be loaded or has ended: what it is asked is never answered then. */
export function onCheckerFailure(listener: () => void): () => void {
  listeners.add(listener);
  if (failed) listener();
  return () => { listeners.delete(listener); };
}
