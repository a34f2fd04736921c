import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

/** Makes the cache of answers. signedOut is called when the session has ended, whatever found that out. */
export function makeQueries(signedOut: () => void): QueryClient {
  const onError = (e: unknown): void => { if (asProblem(e).status === 401) signedOut(); };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
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
