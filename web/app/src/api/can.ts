import type { components } from "./schema";

type User = components["schemas"]["User"];
export type Membership = NonNullable<User["organizations"]>[number];

/** true, or why not: shown on the disabled control. */
export type May = true | string;

const roles: Record<string, string> = { owner: "Owner", admin: "Admin", developer: "Developer", viewer: "Viewer" };

/** Who could do it, in words, for the reason on a disabled control. */
const needs: Record<string, string> = {
  "organization:delete": "an Owner",
  "organization:write": "an Admin",
  "member:write": "an Admin",
  "token:write": "an Admin",
  "rejection:force": "an Admin",
  "conflict:force": "an Admin",
  "user:erase": "an Admin",
};

/**
 * Makes the predicate of one membership. What it answers decides only what the page offers: the server
 * checks every call by the same list.
 */
export function permissions(membership: Membership | undefined, project?: string): (permission: string) => May {
  return (permission) => {
    if (!membership) return "You are not a member here.";
    if (project && membership.projects && !membership.projects.includes(project)) return "Your role does not include this project.";
    if (membership.may.includes(permission)) return true;
    return `You are ${roles[membership.role] ?? membership.role} here; this needs ${needs[permission] ?? "a Developer"} or above.`;
  };
}
