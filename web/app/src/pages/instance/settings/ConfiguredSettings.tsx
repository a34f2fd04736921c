import { Alert, Group, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import type { Here } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { useColleagues } from "../../../shell/people";
import { Action } from "../../../ui/Action";
import { Failure } from "../../../ui/Failure";
import { Waiting } from "../../../ui/Rows";
import { SheetContext } from "../configuration/form/context";
import { useSheetOf } from "../configuration/form/Form";
import { ListSetting, NumberSetting } from "../configuration/form/inputs";
import { Stale } from "../configuration/Stale";
import { useCheck } from "../configuration/useCheck";
import { useDraft } from "../configuration/useDraft";
import { Section } from "./Section";

/** The settings of the configuration that are about who reaches the instance: part of the draft, served once deployed. */
export function ConfiguredSettings({ here }: { here: Here }): ReactNode {
  const id = here.instance.id;
  const draft = useDraft(id);
  const navigate = useNavigate();
  const may = here.may("config:write");
  const check = useCheck(id, draft.text, may === true && !!draft.saved);
  const go = (path: string): void => { void navigate({ href: to.configuration(id, path) }); };
  const sheet = useSheetOf({ draft, errors: check.errors, may, production: here.instance.kind === "production", go });
  const people = useColleagues(here.project.id);
  const ready = !draft.unsaved ? "There is nothing to save." : draft.stale ? "Somebody else changed it: choose what becomes of that first." : check.errors.length > 0 ? "The configuration has mistakes; mend them first." : true;
  return (
    <Section title="Origins and limits" lead={<>Part of the <Link href={to.configuration(id)} size="sm">configuration</Link>: saved into its draft, and in force once that is deployed.</>}>
      {draft.problem ? <Failure trouble={draft.problem} retry={draft.retry} /> : draft.waiting ? <Waiting lines={2} /> : !sheet ? (
        <Alert color="yellow" variant="light" title="The draft is not valid YAML"><Link href={to.configuration(id, "")} size="sm">Mend it in the configuration</Link></Alert>
      ) : (
        <SheetContext value={sheet}>
          <Stack gap="sm" maw={560}>
            <Stale draft={draft} people={people} />
            <ListSetting path={["cors", "origins"]} label="Origins of browsers that may call" description="Empty: any origin, as no cookie is used. Such as https://app.example" placeholder="any" />
            <NumberSetting path={["limits", "transactions_per_minute"]} label="Transactions a minute" description="Beyond it devices are told to come back later" placeholder="6000" min={1} />
            {draft.refused && <Failure title="It was not saved" trouble={draft.refused} />}
            {draft.unsaved && <Text size="sm">The draft has unsaved changes, these or others. Saving saves all of them.</Text>}
            <Group>
              <Action may={may === true ? ready : may} loading={draft.saving} onClick={() => { draft.save(); }}>Save the draft</Action>
              <Text size="sm"><Link href={to.configuration(id)} size="sm">Review and deploy</Link></Text>
            </Group>
          </Stack>
        </SheetContext>
      )}
    </Section>
  );
}
