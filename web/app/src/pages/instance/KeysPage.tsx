import type { ReactNode } from "react";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { LinkButton } from "../../shell/Link";
import { Page } from "../../ui/Page";
import { APIKeys } from "./keys/APIKeys";
import { DevelopmentToken } from "./keys/DevelopmentToken";
import { Providers } from "./keys/Providers";
import { SigningKeys } from "./keys/SigningKeys";

/** Who may get tokens, and what signs them. */
export default function KeysPage(): ReactNode {
  const here = useHere();
  return (
    <Page title="Auth and keys" lead="Who may get a token here, and what signs it." actions={<LinkButton variant="default" href={to.tokenDoctor(here.instance.id)}>A token is refused?</LinkButton>}>
      <Providers here={here} />
      <SigningKeys here={here} />
      <APIKeys here={here} />
      <DevelopmentToken here={here} />
    </Page>
  );
}
