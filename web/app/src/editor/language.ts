import { javascript } from "@codemirror/lang-javascript";
import { yaml } from "@codemirror/lang-yaml";
import type { Extension } from "@codemirror/state";

/** The language of a file, by how its name ends. */
export function languageOf(path: string): Extension {
  if (/\.ya?ml$/.test(path)) return yaml();
  return javascript({ typescript: path.endsWith(".ts") });
}
