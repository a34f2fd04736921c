import type { components } from "./schema";

type User = components["schemas"]["User"];
export type Membership = NonNullable<User["organizations"]>[number];

/** true, or why not: shown on the disabled control. */
export type May = true | string;

const roles: Record<string, string> = { owner: "Owner", admin: "Admin", developer: "Developer", viewer: "Viewer" };

/** The lowest role that may, where it is not Developer. */
const lowest: Record<string, string> = {
  "organization:delete": "owner",
  "organization:write": "admin",
  "member:write": "admin",
  "audit:read": "admin",
  "alert:write": "admin",
  "export:write": "admin",
  "project:delete": "admin",
  "instance:delete": "admin",
  "key:write": "admin",
  "rejection:force": "admin",
  "conflict:force": "admin",
  "user:erase": "admin",
};

const ladder = ["viewer", "developer", "admin", "owner"];

/**
 * Makes the predicate of one membership. What it answers decides only what the page offers: the server
 * checks every call by the same list.
 */
export function permissions(membership: Membership | undefined, project?: string): (permission: string) => May {
  return (permission) => {
    if (!membership) return "You are not a member here.";
    if (project && membership.projects && !membership.projects.includes(project)) return "Your role does not include this project.";
    if (membership.may.includes(permission)) return true;
    const least = lowest[permission] ?? "developer";
    if (membership.projects && ladder.indexOf(membership.role) >= ladder.indexOf(least)) return "Your role is for chosen projects; this needs a role in the whole organization.";
    return `You are ${roles[membership.role] ?? membership.role} here; this needs ${least === "developer" ? "a" : "an"} ${roles[least] ?? least}${least === "owner" ? "" : " or above"}.`;
  };
}
