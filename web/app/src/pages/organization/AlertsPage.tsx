import { Badge, SegmentedControl, Table, Tabs } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { Link } from "../../shell/Link";
import { Listing } from "../../shell/Listing";
import { Restricted } from "../../shell/Restricted";
import { useSearchState } from "../../shell/search";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Time } from "../../ui/Time";
import { Channels } from "./alerts/Channels";
import { useInstances } from "./alerts/instances";
import { ruleLabel } from "./alerts/words";

type Alert = components["schemas"]["Alert"];

/** What went wrong, and who is told. */
export default function AlertsPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const [s, set] = useSearchState({ tab: "alerts", show: "open" });
  return (
    <Page title="Alerts" lead="An alert opens when something holds, is told once, and closes by itself.">
      <Restricted org={org} permission="alert:read" what="Alerts are">
        <Tabs value={s.tab} onChange={(tab) => { set({ tab: tab ?? "alerts" }); }} keepMounted={false}>
          <Tabs.List><Tabs.Tab value="alerts">Alerts</Tabs.Tab><Tabs.Tab value="channels">Channels</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="alerts" pt="md"><Alerts org={org} show={s.show} setShow={(show) => { set({ show }); }} /></Tabs.Panel>
          <Tabs.Panel value="channels" pt="md"><Channels org={org} /></Tabs.Panel>
        </Tabs>
      </Restricted>
    </Page>
  );
}

function Alerts({ org, show, setShow }: { org: string; show: string; setShow: (v: string) => void }): ReactNode {
  const query = show === "all" ? {} : { open: true };
  const list = usePages<Alert>(["alerts", org, query], (cursor) => body(client.GET("/api/v1/orgs/{org}/alerts", { params: { path: { org }, query: { ...query, cursor } } })), { refetchInterval: 15_000 });
  const names = new Map(useInstances(org).map((i) => [i.value, i.label]));
  return (
    <>
      <SegmentedControl mb="sm" size="xs" aria-label="Which alerts" value={show === "all" ? "all" : "open"} onChange={setShow} data={[{ value: "open", label: "Open" }, { value: "all", label: "All" }]} />
      <Listing list={list} label="Alerts" head={["Alert", "About", "Since", "State"]}
        empty={<Empty title={show === "all" ? "There was no alert yet" : "No alert is open"}>Rejections, a database that does not answer, stuck devices and more appear here within half a minute.</Empty>}
        row={(a) => (
          <Table.Tr key={a.id}>
            <Table.Td><Badge variant="dot" color={a.severity === "critical" ? "red" : "yellow"} tt="none" miw="max-content">{ruleLabel(a.rule)}</Badge><div><Plain>{a.summary}</Plain></div></Table.Td>
            <Table.Td>{a.instance_id ? <Link href={to.instance(a.instance_id)}><Plain>{names.get(a.instance_id) ?? a.instance_id}</Plain></Link> : <Link href={to.tokens(org)}>the organization</Link>}</Table.Td>
            <Table.Td><Time at={a.opened_at} /></Table.Td>
            <Table.Td>{a.closed_at ? <>closed <Time at={a.closed_at} /></> : "open"}</Table.Td>
          </Table.Tr>
        )} />
    </>
  );
}
