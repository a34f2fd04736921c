import { api } from "../../../api/client";
import type { Me } from "../../../shell/me";

/** What is asked again before something is done that a stolen session must not do. */
export interface Asked {
  label: string;
  autoComplete: string;
  /** What was typed, as the API takes it. */
  body: (typed: string) => { password?: string; code?: string };
}

export const password: Asked = { label: "Your password", autoComplete: "current-password", body: (typed) => ({ password: typed }) };
const code: Asked = { label: "A code of the app, or a recovery code", autoComplete: "one-time-code", body: (typed) => ({ code: typed }) };

/** The password; a code where the account has none; undefined where it has neither. */
export function useAsked(me: Me): Asked | undefined {
  const totp = api.useQuery("get", "/api/v1/auth/totp");
  if (me.has_password) return password;
  return totp.data?.enabled ? code : undefined;
}
