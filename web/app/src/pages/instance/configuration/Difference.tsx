import type { ReactNode } from "react";
import { LazyDiff } from "../../../editor/lazy";
import { nonce } from "../../../settings";

/** What differs between two configurations. */
export function Difference({ from, to, label }: { from: string; to: string; label: string }): ReactNode {
  return <LazyDiff path="turnkey.yaml" before={from} after={to} label={label} nonce={nonce} />;
}
