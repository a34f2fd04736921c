import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ComponentProps, type ReactNode } from "react";

// The editor is 180 kB: it comes when the first code is shown.
const Editor = lazy(() => import("./CodeEditor"));
const Diff = lazy(() => import("./DiffView"));

export function LazyEditor(props: ComponentProps<typeof Editor>): ReactNode {
  return <Suspense fallback={<Skeleton height="100%" radius={0} aria-label="Loading the editor" role="status" />}><Editor {...props} /></Suspense>;
}

export function LazyDiff(props: ComponentProps<typeof Diff>): ReactNode {
  return <Suspense fallback={<Skeleton height={120} aria-label="Loading the comparison" role="status" />}><Diff {...props} /></Suspense>;
}
