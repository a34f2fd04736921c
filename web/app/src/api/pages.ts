import { useInfiniteQuery, type QueryKey } from "@tanstack/react-query";
import { asProblem, type Problem } from "./problem";

/** A page as every list of the API answers it. */
interface Paged<T> {
  data: T[] | null;
  next_cursor?: string | null;
}

/** A list that is read page by page. */
export interface List<T> {
  rows: T[];
  waiting: boolean;
  problem: Problem | undefined;
  more: (() => void) | undefined;
  loadingMore: boolean;
  refresh: () => void;
}

/**
 * Reads a list. `read` is one call of the client with the cursor in its query:
 * `usePages(["members", org], (cursor) => body(client.GET("/api/v1/orgs/{org}/members", { params: { path: { org }, query: { cursor } } })))`.
 */
export function usePages<T>(key: QueryKey, read: (cursor: string | undefined) => Promise<Paged<T>>, options: { refetchInterval?: number; enabled?: boolean } = {}): List<T> {
  const q = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor || undefined,
    ...options,
  });
  return {
    rows: q.data?.pages.flatMap((p) => p.data ?? []) ?? [],
    waiting: q.isPending,
    problem: q.error ? asProblem(q.error) : undefined,
    more: q.hasNextPage ? () => { void q.fetchNextPage(); } : undefined,
    loadingMore: q.isFetchingNextPage,
    refresh: () => { void q.refetch(); },
  };
}
