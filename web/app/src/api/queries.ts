import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

/** The server knows nobody: not the same as a password that is wrong. */
const ended = (e: unknown): boolean => asProblem(e).code === "unauthenticated";

/** Nobody answered, or a proxy did in the server's place. */
export function unanswered(e: unknown): boolean {
  const { code, status } = asProblem(e);
  return code === "unreachable" || (code === "unreadable" && status >= 502);
}

interface Heard {
  /** The session has ended; asked: noticed by something that somebody did. */
  signedOut: (asked: boolean) => void;
  /** Whether the server answers, said after each question. */
  lost: (is: boolean) => void;
}

/** Makes the cache of answers. */
export function makeQueries({ signedOut, lost }: Heard): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (e) => { lost(unanswered(e)); if (ended(e)) signedOut(false); },
      onSuccess: () => { lost(false); },
    }),
    mutationCache: new MutationCache({ onError: (e) => { if (ended(e)) signedOut(true); } }),
    defaultOptions: {
      queries: {
        // Without a network a question fails at once and the page says so, instead of waiting for ever without a word.
        networkMode: "always",
        refetchOnReconnect: true,
        staleTime: 5_000,
        // What the server says no to stays no; only trouble on the way is tried again.
        retry: (failures, e) => failures < 2 && [0, 502, 503, 504].includes(asProblem(e).status),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" }, // nor is anything done later that somebody asked for now
    },
  });
}
