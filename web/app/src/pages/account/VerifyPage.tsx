import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { useMe } from "../../shell/me";
import { Opened } from "./Opened";

/** Where the mailed link leads: the address is verified by opening it. */
export default function VerifyPage(): ReactNode {
  const me = useMe();
  return <Opened title="Your e-mail address" call={(token) => body(client.POST("/api/v1/auth/verify", { body: { token } }))} done="is verified." failed="Not verified"
    already={me?.email_verified ? me.email : undefined} />;
}
