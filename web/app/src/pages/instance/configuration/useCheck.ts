import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { body, client } from "../../../api/client";
import { asProblem, type Problem } from "../../../api/problem";
import type { Finding } from "./document";

/** What is wrong with a text that is not saved yet. */
export interface Check {
  errors: Finding[];
  warnings: Finding[];
  /** What is shown is of this very text. */
  settled: boolean;
  problem: Problem | undefined;
}

/** Has the server check the text, shortly after it stops changing. It keeps nothing of it. */
export function useCheck(instance: string, text: string, enabled: boolean): Check {
  const [calm] = useDebouncedValue(text, 350);
  const q = useQuery({
    queryKey: ["configuration-check", instance, calm], enabled: enabled && calm !== "", placeholderData: keepPreviousData, gcTime: 60_000, staleTime: 15_000,
    queryFn: () => body(client.POST("/api/v1/instances/{instance}/config/validate", { params: { path: { instance } }, body: { config: calm } })),
  });
  return { errors: q.data?.errors ?? none, warnings: q.data?.warnings ?? none, settled: calm === text && q.isSuccess && !q.isPlaceholderData, problem: q.error ? asProblem(q.error) : undefined };
}

const none: Finding[] = [];
