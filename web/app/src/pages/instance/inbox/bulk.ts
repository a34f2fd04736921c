import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inPortions, summarise, type Outcome, type Words } from "./results";
import type { Told } from "./Report";

/** Something that can be done to many rows at once. */
export interface Bulk {
  /** The verb on the button. */
  label: string;
  words: Words;
  call: (ids: string[]) => Promise<Outcome[]>;
}

/** Runs bulk actions and keeps what to tell of the last one. */
export function useBulk(after: () => void): { told: Told | undefined; run: (bulk: Bulk, ids: string[]) => void; clear: () => void; busy: boolean } {
  const [told, setTold] = useState<Told>();
  const queries = useQueryClient();
  const run = (bulk: Bulk, ids: string[]): void => {
    // Ids sort by time: the order in which devices wrote.
    const inOrder = [...ids].sort();
    const work = async (): Promise<void> => {
      const { outcomes, untried, error } = await inPortions(inOrder, bulk.call, (done) => { setTold({ working: { done, of: ids.length } }); });
      setTold({ results: summarise(bulk.words, inOrder, outcomes, untried), error });
      after();
      await queries.invalidateQueries({ queryKey: ["inbox"] });
    };
    void work();
  };
  return { told, run, clear: () => { setTold(undefined); }, busy: !!told?.working };
}
