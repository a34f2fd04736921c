import { Button, Checkbox, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { body, client } from "../../../api/client";
import type { Exact } from "../../../api/exact";
import type { components } from "../../../api/schema";
import { to } from "../../../paths";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { Link } from "../../../shell/Link";
import { Action } from "../../../ui/Action";
import { confirm } from "../../../ui/confirm";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Part } from "../inbox/Facts";
import { useColumnTypes } from "../inbox/types";
import { missing, resolveBody, sidesOf, takeBody, type Pick, type Take } from "./choice";
import { Column } from "./Column";

export type Conflict = components["schemas"]["ConflictOutputBody"];
type Case = components["schemas"]["CaseOutputBody"];

/** How a conflict is decided: the body, and whether the rules are asked. */
interface Order {
  text: string;
  force: boolean;
}

/** Sends text as it stands: the client would write numbers anew. */
const asItStands = { bodySerializer: (text: unknown): string => text as string, headers: { "Content-Type": "application/json" } };

/** Both sides of a conflict, and what to make of them while something can still be made. */
export function Decide({ read, others, done }: { read: Exact<Conflict>; others: components["schemas"]["Conflict"][]; done: (c: Case) => void }): ReactNode {
  const { instance, may } = useHere();
  const { value: c } = read;
  const types = useColumnTypes(instance.id, c.deployment, c.table);
  const [picks, setPicks] = useState<Record<string, Pick | undefined>>({});
  const [also, setAlso] = useState<Record<string, Take>>({});
  const [overwrite, setOverwrite] = useState(false);
  const open = c.status === "open" || c.status === "decided";
  const path = { params: { path: { instance: instance.id, conflict: c.id } } };
  const decide = useAct(
    (o: Order) => {
      const order = { ...path, ...asItStands, body: o.text as never };
      return body(o.force ? client.POST("/api/v1/instances/{instance}/conflicts/{conflict}/force", order) : client.POST("/api/v1/instances/{instance}/conflicts/{conflict}/resolve", order));
    },
    { quiet: true, refresh: [["inbox"]], then: done },
  );
  const columns = c.fields.map((f) => f.name);
  const whole = c.policy === "deletes: lose" || columns.length === 0;
  const decision = { columns, picks, also: Object.fromEntries(others.map((o) => [o.id, also[o.id] ?? "policy"])) as Record<string, Take>, overwrite };
  const lacking = missing(decision);
  const all = (pick: Pick): void => { setPicks(Object.fromEntries(columns.map((name) => [name, pick]))); };
  const send = (text: string, force = false): void => { decide.mutate({ text, force }); };
  const forced = (text: string): void => {
    confirm({
      title: "Write it whatever the rules say?", action: "Write without the rules",
      body: "The allow rules of the table are not asked: what the user might not write is written all the same, in their name. Types, hooks and the database's own constraints still hold. It is noted in the audit log.",
      onConfirm: () => { send(text, true); },
    });
  };
  const allowed = (own: string | undefined, permission = "conflict:write"): true | string => { const m = may(permission); return m !== true ? m : (own ?? true); };
  return (
    <Part title={open ? "Decide" : "Both sides"} aside={open && !whole && <Group gap="xs">
      <Button size="compact-sm" variant="default" onClick={() => { all("server"); }}>All the server&apos;s</Button>
      <Button size="compact-sm" variant="default" onClick={() => { all("client"); }}>All the device&apos;s</Button>
    </Group>}>
      {c.values === undefined && <Text size="sm">The recorded values are too large to be shown here. The whole can still be decided below.</Text>}
      <Stack gap="sm">
        {c.fields.map((f) => (
          <Column key={f.name} field={f} type={types[f.name]} sides={sidesOf(read.text, read.node, f.name)}
            choose={open && !whole ? { pick: picks[f.name], set: (pick) => { setPicks({ ...picks, [f.name]: pick }); } } : undefined} />
        ))}
      </Stack>
      {open && others.length > 0 && <Others others={others} also={also} set={setAlso} />}
      {open && <Checkbox label="Overwrite what was written to these columns since the conflict" description="Else a decision that would undo a newer write is refused." checked={overwrite} onChange={(e) => { setOverwrite(e.currentTarget.checked); }} />}
      {decide.problem && <Failure title="It was not written" trouble={decide.problem} />}
      {open && (
        <Group gap="xs">
          {whole
            ? <>
              <Action loading={decide.isPending} may={allowed(undefined)} onClick={() => { send(takeBody("server", overwrite)); }}>Keep what is stored</Action>
              <Action variant="default" loading={decide.isPending} may={allowed(undefined)} onClick={() => { confirm({ title: "Do what the device did, after all?", body: c.op === "DELETE" ? "The row is deleted." : "What the device wrote is stored.", action: c.op === "DELETE" ? "Delete the row" : "Write it", onConfirm: () => { send(takeBody("client", overwrite)); } }); }}>Do what the device did</Action>
            </>
            : <>
              <Action loading={decide.isPending} may={allowed(lacking)} onClick={() => { send(resolveBody(decision)); }}>Write this decision</Action>
              <Action variant="default" loading={decide.isPending} may={allowed(undefined)} onClick={() => { send(takeBody("policy", overwrite)); }}>Decide by today&apos;s policy</Action>
              <Action variant="subtle" color="red" loading={decide.isPending} may={allowed(lacking, "conflict:force")} onClick={() => { forced(resolveBody(decision)); }}>Write without the rules</Action>
            </>}
        </Group>
      )}
    </Part>
  );
}

/** The other conflicts of the same transaction: it is written as a whole, so they are decided with it. */
function Others({ others, also, set }: { others: components["schemas"]["Conflict"][]; also: Record<string, Take>; set: (also: Record<string, Take>) => void }): ReactNode {
  const { instance } = useHere();
  return (
    <Stack gap="xs">
      <Text size="sm">The transaction met {others.length === 1 ? "another conflict" : `${others.length} other conflicts`}. It is written as a whole, so they are decided with this one:</Text>
      {others.map((o) => (
        <Group key={o.id} gap="sm" align="flex-end">
          <NativeSelect size="sm" label={<Plain>{`${o.op} ${o.table}: ${o.fields.map((f) => f.name).join(", ")}`}</Plain>} value={also[o.id] ?? "policy"} onChange={(e) => { set({ ...also, [o.id]: e.currentTarget.value as Take }); }}
            data={[{ value: "policy", label: "By today's policy" }, { value: "client", label: "The device's" }, { value: "server", label: "The server's" }]} />
          <Link href={to.conflict(instance.id, o.id)} size="sm">Look at it</Link>
        </Group>
      ))}
    </Stack>
  );
}
