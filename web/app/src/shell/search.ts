import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/**
 * State that lives in the address, so that every view can be linked: keys with their defaults, all strings.
 * `const [filter, setFilter] = useSearchState({ status: "open", user: "" })`. A default is not written.
 */
export function useSearchState<T extends Record<string, string>>(defaults: T): [T, (change: Partial<T>, how?: { replace?: boolean }) => void] {
  const raw = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const state = { ...defaults };
  for (const key of Object.keys(defaults) as (keyof T & string)[]) {
    const value = raw[key];
    if (value !== undefined) state[key] = value as T[typeof key];
  }
  const change = useCallback(
    (values: Partial<T>, how: { replace?: boolean } = {}) => {
      void navigate({
        to: ".",
        replace: how.replace ?? true,
        search: (old: Record<string, unknown>) => {
          const next = Object.entries({ ...old, ...values } as Record<string, unknown>);
          return Object.fromEntries(next.filter(([key, value]) => value !== undefined && value !== defaults[key]));
        },
      } as never);
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- defaults are a literal of the page
    [navigate],
  );
  return [state, change];
}
