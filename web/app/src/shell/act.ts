import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient, type QueryKey, type UseMutationResult } from "@tanstack/react-query";
import { asProblem, type Problem } from "../api/problem";
import { plain } from "../ui/plain";

interface Options<A, R> {
  /** Said when it worked. */
  done?: string | ((result: R, given: A) => string);
  /** Lists to read again. */
  refresh?: QueryKey[];
  /** Says the problem elsewhere, such as beside a form; then no notification does. */
  quiet?: boolean;
  then?: (result: R, given: A) => void;
  failed?: (problem: Problem) => void;
}

/** Something that changes the server: reports what came of it and reads again what it touched. */
export function useAct<A, R>(run: (given: A) => Promise<R>, options: Options<A, R> = {}): UseMutationResult<R, unknown, A> & { problem: Problem | undefined } {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: run,
    onSuccess: async (result, given) => {
      const done = typeof options.done === "function" ? options.done(result, given) : options.done;
      if (done) notifications.show({ message: plain(done), color: "teal" });
      for (const key of options.refresh ?? []) await queries.invalidateQueries({ queryKey: key });
      options.then?.(result, given);
    },
    onError: (e) => {
      const p = asProblem(e);
      options.failed?.(p);
      if (!options.quiet) notifications.show({ title: plain(p.message), message: plain(p.hint ?? `Code ${p.code}`), color: "red", autoClose: 10_000 });
    },
  });
  return { ...mutation, problem: mutation.error ? asProblem(mutation.error) : undefined };
}
