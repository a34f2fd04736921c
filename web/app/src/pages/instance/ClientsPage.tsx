import { Drawer, Group, SegmentedControl, Tabs, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { api, body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { LinkButton } from "../../shell/Link";
import { Listing } from "../../shell/Listing";
import { useSearchState } from "../../shell/search";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Rows";
import { DeviceDetail, deviceHead, DeviceRow, type Device } from "./observe/DeviceRows";
import { RefusedTokens } from "./observe/RefusedTokens";

const defaults = { tab: "devices", show: "", stuck: "", refused: "", user: "", client: "", device: "" };

/** The devices that write, the stuck ones first, and the credentials that were refused. */
export default function ClientsPage(): ReactNode {
  const { instance } = useHere();
  const [s, set] = useSearchState(defaults);
  return (
    <Page title="Clients" lead="Devices as they were last seen. What is stuck comes first.">
      <Tabs value={s.tab} onChange={(tab) => { set({ tab: tab ?? "devices" }); }} keepMounted={false}>
        <Tabs.List><Tabs.Tab value="devices">Devices</Tabs.Tab><Tabs.Tab value="refused">Refused tokens</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="devices" pt="md"><Devices id={instance.id} /></Tabs.Panel>
        <Tabs.Panel value="refused" pt="md"><RefusedTokens instance={instance.id} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Devices({ id }: { id: string }): ReactNode {
  const [s, set] = useSearchState(defaults);
  // Links of the overview say stuck=true or refused=true.
  const show = s.show || (s.refused ? "refused" : s.stuck ? "stuck" : "all");
  const query = {
    ...(show === "stuck" ? { stuck: true } : {}), ...(show === "refused" ? { refused: true } : {}), ...(s.user ? { user_id: s.user } : {}), ...(s.client ? { client_id: s.client } : {}),
  };
  const list = usePages<Device>(["devices", id, query], (cursor) => body(client.GET("/api/v1/instances/{instance}/devices", { params: { path: { instance: id }, query: { ...query, cursor } } })), { refetchInterval: 15_000 });
  const narrowed = show !== "all" || s.user !== "" || s.client !== "";
  return (
    <>
      <Group mb="sm" align="flex-end">
        <SegmentedControl size="xs" aria-label="Which devices" value={show} onChange={(v) => { set({ show: v, stuck: "", refused: "" }); }}
          data={[{ value: "all", label: "All" }, { value: "stuck", label: "Stuck" }, { value: "refused", label: "Turned away" }]} />
        <Field label="User" value={s.user} set={(user) => { set({ user }); }} />
        <Field label="Device" value={s.client} set={(v) => { set({ client: v }); }} />
      </Group>
      <Listing list={list} label="Devices" head={deviceHead} row={(d) => <DeviceRow key={d.id} device={d} open={() => { set({ device: d.id }); }} />}
        empty={narrowed ? <Empty title="No device matches">Nothing is stuck, or the filter is too narrow.</Empty>
          : <Empty title="No device was seen yet" action={<LinkButton href={to.connect(id)} variant="light">Connect an app</LinkButton>}>A device appears with its first token or upload.</Empty>} />
      <Drawer opened={s.device !== ""} onClose={() => { set({ device: "" }); }} position="right" size="lg" title="Device" closeButtonProps={{ "aria-label": "Close the device" }}>
        {s.device && <OneDevice instance={id} id={s.device} known={list.rows.find((d) => d.id === s.device)} />}
      </Drawer>
    </>
  );
}

function OneDevice({ instance, id, known }: { instance: string; id: string; known: Device | undefined }): ReactNode {
  const q = api.useQuery("get", "/api/v1/instances/{instance}/devices/{device}", { params: { path: { instance, device: id } } }, { refetchInterval: 15_000, enabled: !known });
  const device = known ?? q.data;
  if (device) return <DeviceDetail device={device} instance={instance} />;
  if (q.error) return <Failure trouble={asProblem(q.error)} />;
  return <Waiting />;
}

function Field({ label, value, set }: { label: string; value: string; set: (v: string) => void }): ReactNode {
  return <TextInput label={label} size="xs" key={value} defaultValue={value} onBlur={(e) => { set(e.currentTarget.value.trim()); }} onKeyDown={(e) => { if (e.key === "Enter") set(e.currentTarget.value.trim()); }} />;
}
