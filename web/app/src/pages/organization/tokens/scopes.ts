/** How long a token may live; there is none without an end. */
export const lives = [
  { value: "86400", label: "In a day" },
  { value: "604800", label: "In 7 days" },
  { value: "2592000", label: "In 30 days" },
  { value: "7776000", label: "In 90 days" },
  { value: "15552000", label: "In 180 days" },
  { value: "31536000", label: "In a year" },
];

/** Permissions such as `config:write`, by what they are about, in words and in order. */
export function nouns(permissions: string[]): [string, { value: string; label: string }[]][] {
  const by = new Map<string, { value: string; label: string }[]>();
  for (const value of [...permissions].sort()) {
    const [noun = "", verb = ""] = value.split(":");
    const spoken = noun.charAt(0).toUpperCase() + noun.slice(1).replaceAll("_", " ");
    by.set(spoken, [...(by.get(spoken) ?? []), { value, label: verb || value }]);
  }
  return [...by];
}
