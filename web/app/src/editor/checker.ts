import { wrap, type Remote } from "comlink";
import type { Compiler } from "./compiler";

export type Checker = Remote<Compiler>;

let started: Checker | undefined;

/** TypeScript in a worker: 1 MB that is fetched once, when the first editor is shown. One serves the whole page. */
export function checker(): Checker {
  started ??= wrap<Compiler>(new Worker(new URL("./ts.worker.ts", import.meta.url), { type: "module", name: "typescript" }));
  return started;
}
