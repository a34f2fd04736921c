// Who may write: the rules that nearly every table has, as templates over its columns.

export interface Allow {
  create?: string;
  update?: string;
  delete?: string;
}

export type Choice = "owner" | "everyone" | "role" | "nobody" | "custom";

/** What was decided for one table. */
export interface Rule {
  choice: Choice;
  /** The column that holds the user, for owner. */
  column?: string;
  /** The role, for role. */
  role?: string;
  custom?: Allow;
}

export const choices: { value: Choice; label: string }[] = [
  { value: "owner", label: "The user whose row it is" },
  { value: "role", label: "Users with a role" },
  { value: "everyone", label: "Everybody who is signed in" },
  { value: "nobody", label: "Nobody: devices only read it" },
  { value: "custom", label: "My own rules" },
];

const likely = [/^owner(_?id)?$/i, /^user(_?id)?$/i, /^created_?by$/i, /^author(_?id)?$/i, /^(owner|user|account|customer|profile)_?(id|uid)?$/i];

/** The column that most likely says whose a row is. */
export function guessOwner(columns: string[]): string | undefined {
  for (const pattern of likely) {
    const found = columns.find((c) => pattern.test(c));
    if (found) return found;
  }
  return undefined;
}

/** The rule that a table begins with: its owner's, where one can be seen, else nobody's. */
export function firstRule(columns: string[]): Rule {
  const column = guessOwner(columns);
  return column ? { choice: "owner", column } : { choice: "nobody" };
}

/** A member of a row in CEL; a path may have names that need brackets. */
function member(row: string, path: string): string {
  return path.split(".").reduce((at, name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`), row);
}

/** Where a column's value is in the row, and its type. */
export interface Place {
  path: string;
  type: string | undefined;
}

/** Only the row's owner writes it, and nobody gives it away. user.id is text: a number is compared as text. */
export function ownerRules({ path, type }: Place): Required<Allow> {
  const of = (row: string): string => (type === "int32" || type === "int64" ? `string(${member(row, path)})` : member(row, path));
  const mine = `${of("old")} == user.id`;
  return { create: `${of("new")} == user.id`, update: `${mine} && !(${JSON.stringify(path)} in changed)`, delete: mine };
}

/** The rules of a table; place tells where a column is. */
export function allowOf(rule: Rule, place: (column: string) => Place): Allow {
  switch (rule.choice) {
    case "owner":
      return rule.column ? ownerRules(place(rule.column)) : {};
    case "everyone":
      return { create: "true", update: "true", delete: "true" };
    case "role": {
      const has = `has(user.claims.role) && user.claims.role == ${JSON.stringify(rule.role ?? "admin")}`;
      return { create: has, update: has, delete: has };
    }
    case "custom":
      return rule.custom ?? {};
    case "nobody":
      return {};
  }
}
