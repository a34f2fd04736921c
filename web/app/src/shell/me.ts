import { api } from "../api/client";
import { permissions, type May, type Membership } from "../api/can";
import type { components } from "../api/schema";

export type Me = components["schemas"]["User"];

/** Where the answer is kept. */
export const meKey = ["get", "/api/v1/auth/me", {}];

/** Who is signed in; undefined while it is being read. */
export function useMe(): Me | undefined {
  return api.useQuery("get", "/api/v1/auth/me", {}, { staleTime: 30_000 }).data;
}

/** The membership in an organization. */
export function useMembership(org: string | undefined): Membership | undefined {
  return useMe()?.organizations?.find((m) => m.organization === org);
}

/** What one may do in an organization, or in one of its projects. */
export function useMay(org: string | undefined, project?: string): (permission: string) => May {
  return permissions(useMembership(org), project);
}
