// What of the language exists for hooks, as turnkey.d.ts says: ECMAScript 2022 without Intl, WeakRef, FinalizationRegistry,
// Atomics, SharedArrayBuffer and the flag d of regular expressions. No DOM, no Node.

const found = import.meta.glob<string>(
  [
    "/node_modules/typescript/lib/lib.es5.d.ts",
    "/node_modules/typescript/lib/lib.decorators.d.ts",
    "/node_modules/typescript/lib/lib.decorators.legacy.d.ts",
    "/node_modules/typescript/lib/lib.es20{15,16,17,18,19,20,21,22}.*.d.ts",
    "!**/lib.*.full.d.ts",
    "!**/lib.*.intl.d.ts",
    "!**/lib.*.sharedmemory.d.ts",
    "!**/lib.es2021.weakref.d.ts",
    "!**/lib.es2022.regexp.d.ts",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** The declarations by file name, such as lib.es5.d.ts. */
export const libs: Record<string, string> = Object.fromEntries(Object.entries(found).map(([path, text]) => [path.slice(path.lastIndexOf("/") + 1), trimmed(text)]));

/**
 * References name files that are left out on purpose. lib.es5.d.ts needs the types of Intl for toLocaleString and
 * localeCompare, but Intl itself must be an error.
 */
function trimmed(text: string): string {
  return text.replace(/^\/\/\/ <reference lib=.*$/gm, "").replace(/^ {4}var (Collator|NumberFormat|DateTimeFormat): .*$/gm, "");
}
