import { Alert } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { api } from "../api/client";
import { useLost } from "./connection";

/** Says over every page that the server does not answer: what is shown was read before, and looks as if it were of now. */
export function Unreachable(): ReactNode {
  const lost = useLost();
  const queries = useQueryClient();
  api.useQuery("get", "/api/v1/auth/me", {}, { staleTime: 30_000, refetchInterval: lost ? 5_000 : false });
  const was = useRef(lost);
  useEffect(() => {
    // What failed meanwhile is read again, so that nobody has to press a button for each part of a page.
    if (was.current && !lost) void queries.refetchQueries({ predicate: (q) => q.state.status === "error" });
    was.current = lost;
  }, [lost, queries]);
  return (
    <div role="status">
      {lost && <Alert color="yellow" variant="light" title="The server does not answer" mb="md">What you see may be old, and nothing can be saved until it is back. What you have typed stays. The page asks again by itself.</Alert>}
    </div>
  );
}
