import { isMap, isScalar, visit } from "yaml";
import { parse } from "../configuration/document";

/** Where a configuration names its secrets: each name with the paths of `{secret: NAME}`. */
export function references(text: string): Map<string, string[]> {
  const out = new Map<string, string[]>();
  const doc = parse(text);
  visit(doc, {
    Pair(_, pair, above) {
      if (!isScalar(pair.key) || pair.key.value !== "secret" || !isScalar(pair.value) || typeof pair.value.value !== "string") return;
      const steps: string[] = [];
      above.forEach((node, n) => {
        if (node !== null && typeof node === "object" && "key" in node && isScalar(node.key)) steps.push(String(node.key.value));
        const next = above[n + 1];
        if (node !== null && typeof node === "object" && "items" in node && !isMap(node) && next) steps.push(`[${node.items.indexOf(next as never)}]`);
      });
      const path = steps.reduce((p, s) => (s.startsWith("[") || p === "" ? p + s : `${p}.${s}`), "");
      out.set(pair.value.value, [...(out.get(pair.value.value) ?? []), path]);
    },
  });
  return out;
}
