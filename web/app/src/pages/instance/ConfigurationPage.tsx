import { Alert, Group, SegmentedControl, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ReactNode } from "react";
import { useHere } from "../../shell/instance";
import { useColleagues } from "../../shell/people";
import { useSearchState } from "../../shell/search";
import { Action } from "../../ui/Action";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { Time } from "../../ui/Time";
import { Deploy } from "./configuration/Deploy";
import { Findings } from "./configuration/Findings";
import { Form } from "./configuration/form/Form";
import { Stale } from "./configuration/Stale";
import { useCheck } from "./configuration/useCheck";
import { useDraft } from "./configuration/useDraft";
import { YamlView } from "./configuration/YamlView";

/** The configuration draft, as a form and as YAML: two views of one document. */
export default function ConfigurationPage(): ReactNode {
  const here = useHere();
  const id = here.instance.id;
  const [{ view, at }, setView] = useSearchState({ view: "form", at: "" });
  const [deploying, deploy] = useDisclosure(false);
  const draft = useDraft(id);
  const people = useColleagues(here.project.id);
  const may = here.may("config:write");
  const check = useCheck(id, draft.text, may === true && !!draft.saved);
  const saved = draft.saved?.value;
  // Who may not check reads what the server found in what is saved.
  const errors = may === true ? check.errors : (saved?.errors ?? []);
  const warnings = may === true ? check.warnings : (saved?.warnings ?? []);
  const go = (path: string): void => { setView({ view: "yaml", at: path }); };
  const save = draft.unsaved === undefined ? "There is nothing to save." : draft.stale ? "Somebody else changed it: choose what becomes of that first." : true;
  const ready = draft.stale ? "Somebody else changed it: choose what becomes of that first." : errors.length > 0 ? "Mend its mistakes first." : draft.text === "" ? "There is no configuration yet." : true;
  const mayDeploy = here.may("deployment:write");
  if (draft.problem) return <Page title="Configuration"><Failure title="The configuration cannot be shown" trouble={draft.problem} retry={draft.retry} /></Page>;
  return (
    <Page title="Configuration" lead="The draft of what the instance does. It serves from the moment that it is deployed." actions={
      <>
        {draft.unsaved && <Action variant="subtle" onClick={() => { confirm({ title: "Discard your changes?", body: "The draft goes back to what is saved.", action: "Discard", onConfirm: draft.discard }); }}>Discard</Action>}
        <Action variant="default" may={may === true ? save : may} loading={draft.saving} onClick={() => { draft.save(); }}>Save</Action>
        <Action may={mayDeploy === true ? ready : mayDeploy} onClick={deploy.open}>Deploy</Action>
      </>
    }>
      {draft.waiting ? <Waiting lines={8} /> : (
        <>
          <Stale draft={draft} people={people} />
          {draft.refused && !deploying && draft.refused.code !== "config_invalid" && <Failure title="It was not saved" trouble={draft.refused} />}
          {check.problem && <Failure title="It could not be checked" trouble={check.problem} />}
          <Group justify="space-between">
            <SegmentedControl value={view} onChange={(v) => { setView({ view: v, at: "" }); }} data={[{ value: "form", label: "Form" }, { value: "yaml", label: "YAML" }]} aria-label="View of the configuration" />
            <State unsaved={draft.unsaved} at={saved?.updated_at ?? undefined} />
          </Group>
          {may !== true && <Alert color="gray" variant="light" title="You can read this configuration">{may}</Alert>}
          <Findings instance={id} errors={errors} warnings={warnings} go={go} />
          {view === "yaml"
            ? <YamlView draft={draft} errors={errors} warnings={warnings} readOnly={may !== true} at={at} />
            : <Form draft={draft} errors={errors} warnings={warnings} may={may} production={here.instance.kind === "production"} go={go} />}
        </>
      )}
      <Deploy here={here} draft={draft} opened={deploying} onClose={deploy.close} go={go} />
    </Page>
  );
}

function State({ unsaved, at }: { unsaved: string | undefined; at: string | undefined }): ReactNode {
  if (unsaved) return <Text size="sm" fw={600} role="status">Unsaved changes from <Time at={unsaved} />, kept in this tab</Text>;
  return <Text size="sm" c="dimmed" role="status">{at ? <>Saved <Time at={at} /></> : "Never saved"}</Text>;
}
