import type { ReactNode } from "react";
import { useHere } from "../../shell/instance";
import { Page } from "../../ui/Page";
import { ConfiguredSettings } from "./settings/ConfiguredSettings";
import { DangerSettings } from "./settings/DangerSettings";
import { GeneralSettings } from "./settings/GeneralSettings";
import { PauseSettings } from "./settings/PauseSettings";

/** What an instance is called, whether it takes writes, from where, how many, and its end. */
export default function InstanceSettingsPage(): ReactNode {
  const here = useHere();
  return (
    <Page title="Instance settings">
      <GeneralSettings key={here.instance.id} here={here} />
      <PauseSettings here={here} />
      <ConfiguredSettings here={here} />
      <DangerSettings here={here} />
    </Page>
  );
}
