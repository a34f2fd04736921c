/** What a deployment is made of, for comparing. */
export interface Snapshot {
  config: string;
  files: Record<string, string>;
}

export interface Difference {
  path: string;
  change: "added" | "changed" | "removed";
  before: string;
  after: string;
}

/** The configuration's name among the files. */
export const configName = "turnkey.yaml";

/** What differs, the configuration first. */
export function differencesOf(before: Snapshot, after: Snapshot): Difference[] {
  const out: Difference[] = [];
  if (before.config !== after.config) out.push({ path: configName, change: before.config === "" ? "added" : "changed", before: before.config, after: after.config });
  const paths = [...new Set([...Object.keys(before.files), ...Object.keys(after.files)])].sort();
  for (const path of paths) {
    const was = before.files[path];
    const is = after.files[path];
    if (was !== is) out.push({ path, change: was === undefined ? "added" : is === undefined ? "removed" : "changed", before: was ?? "", after: is ?? "" });
  }
  return out;
}

export const nothing: Snapshot = { config: "", files: {} };
