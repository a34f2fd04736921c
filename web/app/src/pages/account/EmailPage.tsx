import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { Opened } from "./Opened";

/** Where the link leads that is mailed to an account's new address: opening it changes the address. */
export default function EmailPage(): ReactNode {
  return <Opened title="Your new e-mail address" call={(token) => body(client.POST("/api/v1/auth/email/confirm", { body: { token } }))} done="is your account's address now." failed="Your address stays" />;
}
