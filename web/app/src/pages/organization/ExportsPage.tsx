import { Button, Group, Modal, Stack } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { May } from "../../api/can";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import { useAct } from "../../shell/act";
import { useMay } from "../../shell/me";
import { Restricted } from "../../shell/Restricted";
import { useSearchState } from "../../shell/search";
import { Action } from "../../ui/Action";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { useInstances } from "./alerts/instances";
import { put } from "./exports/edit";
import { ExportCard } from "./exports/ExportCard";
import { ExportForm, type ExportValues } from "./exports/ExportForm";
import type { Export } from "./exports/words";

/** Where telemetry goes besides this dashboard. */
export default function ExportsPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const may = useMay(org)("export:write");
  const [, set] = useSearchState({ export: "" });
  return (
    <Page title="Telemetry export" lead="Traces, metrics and logs of your instances, sent to a receiver of OpenTelemetry. Nothing waits for it: what it cannot take is sent later, for an hour."
      actions={<Action may={may} onClick={() => { set({ export: "new" }); }}>Add a receiver</Action>}>
      <Restricted org={org} permission="export:read" what="Exports are">
        <Receivers org={org} may={may} />
      </Restricted>
    </Page>
  );
}

function Receivers({ org, may }: { org: string; may: May }): ReactNode {
  const [s, set] = useSearchState({ export: "" });
  const key = ["telemetry-exports", org];
  const list = usePages<Export>(key, (cursor) => body(client.GET("/api/v1/orgs/{org}/telemetry-exports", { params: { path: { org }, query: { cursor } } })), { refetchInterval: 15_000 });
  const instances = useInstances(org);
  const names = new Map(instances.map((i) => [i.value, i.label]));
  const edited = list.rows.find((e) => e.id === s.export);
  const save = useAct((v: ExportValues) => put(org, edited, v), { done: "Saved", refresh: [key], quiet: true, then: () => { close(); } });
  const close = () => { save.reset(); set({ export: "" }); };
  if (list.waiting) {
    return <Waiting lines={4} />;
  }
  return (
    <Stack gap="md">
      {list.problem && <Failure trouble={list.problem} retry={list.refresh} />}
      {list.rows.length === 0 && !list.problem && <Empty title="Nothing is exported">Telemetry stays here, as long as logs are kept. Add a receiver to have it beside that of your other services.</Empty>}
      {list.rows.map((e) => <ExportCard key={e.id} of={e} org={org} may={may} names={names} change={() => { set({ export: e.id }); }} />)}
      {list.more && <Group justify="center"><Button variant="default" loading={list.loadingMore} onClick={list.more}>Show more</Button></Group>}
      <Modal opened={s.export === "new" || !!edited} onClose={close} size="lg" title={edited ? "Change the receiver" : "Add a receiver"} closeButtonProps={{ "aria-label": "Close" }}>
        <ExportForm key={s.export} known={edited} instances={instances} pending={save.isPending} problem={save.problem} save={(v) => { save.mutate(v); }} />
      </Modal>
    </Stack>
  );
}
