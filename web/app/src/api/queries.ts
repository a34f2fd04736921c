import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

/** The server knows nobody: not the same as a password that is wrong. */
const ended = (e: unknown): boolean => asProblem(e).code === "unauthenticated";

/** Makes the cache of answers. signedOut is called when the session has ended; asked: by something that somebody did. */
export function makeQueries(signedOut: (asked: boolean) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: (e) => { if (ended(e)) signedOut(false); } }),
    mutationCache: new MutationCache({ onError: (e) => { if (ended(e)) signedOut(true); } }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server says no to stays no; only trouble on the way is tried again.
        retry: (failures, e) => failures < 2 && [0, 502, 503, 504].includes(asProblem(e).status),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}
