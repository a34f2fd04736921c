import type { ReactNode } from "react";
import { useMe } from "../../shell/me";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { Passkeys } from "./settings/Passkeys";
import { Password } from "./settings/Password";
import { Profile } from "./settings/Profile";
import { Providers } from "./settings/Providers";
import { Sessions } from "./settings/Sessions";
import { TwoSteps } from "./settings/TwoSteps";

/** Everything about one's own account. */
export default function AccountPage(): ReactNode {
  const me = useMe();
  if (!me) return <Page title="Your account"><Waiting /></Page>;
  return (
    <Page title="Your account" lead={<>Signed in as <Plain>{me.email}</Plain>.</>}>
      <Profile me={me} />
      <Password me={me} />
      <TwoSteps me={me} />
      <Passkeys me={me} />
      <Providers me={me} />
      <Sessions />
    </Page>
  );
}
