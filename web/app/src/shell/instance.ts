import { createContext, useContext } from "react";
import type { May } from "../api/can";
import type { components } from "../api/schema";

export type Instance = components["schemas"]["InstanceOutputBody"];

/** The instance that a page is about, with where it belongs and what one may do with it. */
export interface Here {
  instance: Instance;
  project: components["schemas"]["Project"];
  may: (permission: string) => May;
}

export const HereContext = createContext<Here | undefined>(undefined);

/** For pages below /instances/$instance. */
export function useHere(): Here {
  const here = useContext(HereContext);
  if (!here) throw new Error("useHere outside of an instance's page");
  return here;
}
