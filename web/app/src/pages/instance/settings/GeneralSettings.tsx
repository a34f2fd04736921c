import { Group, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, body, client, tagged } from "../../../api/client";
import { useAct } from "../../../shell/act";
import type { Here } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { locking } from "../../../ui/allowed";
import { Value } from "../../../ui/Code";
import { Failure } from "../../../ui/Failure";
import { Section } from "./Section";

/** Name, and how long the log is kept. The edit carries the version that was shown. */
export function GeneralSettings({ here }: { here: Here }): ReactNode {
  const { id, kind, host } = here.instance;
  const params = { path: { instance: id } };
  const now = useQuery({ queryKey: ["instance-settings", id], queryFn: async () => tagged(await client.GET("/api/v1/instances/{instance}", { params })), refetchOnWindowFocus: false, staleTime: Infinity, gcTime: 0 });
  const seen = now.data?.value;
  const organization = api.useQuery("get", "/api/v1/orgs/{org}", { params: { path: { org: here.project.organization_id } } });
  const [edit, setEdit] = useState<{ name?: string; days?: number | string }>({});
  const name = edit.name ?? seen?.name ?? here.instance.name;
  const days = edit.days ?? (seen?.log_days || "");
  const may = here.may("instance:write");
  const save = useAct(() => body(client.PATCH("/api/v1/instances/{instance}", { params: { ...params, header: { "If-Match": now.data?.tag ?? "" } }, body: { name, log_days: typeof days === "number" ? days : 0 } })), {
    quiet: true, done: "Saved.", refresh: [["instance-settings", id], ["get", "/api/v1/instances/{instance}"], ["instances"]], then: () => { setEdit({}); },
  });
  const locked = locking(may);
  const changed = Object.keys(edit).length > 0 ? true : "There is nothing to save.";
  return (
    <Section title="General">
      <form onSubmit={(e) => { e.preventDefault(); if (may === true && changed === true) save.mutate(undefined); }}>
        <Stack gap="sm" maw={480}>
          <TextInput label="Name" required maxLength={100} value={name} {...locked} onChange={(e) => { const v = e.currentTarget.value; setEdit((x) => ({ ...x, name: v })); }} />
          <NumberInput label="Days that the log is kept" description={`Empty: as the organization says (${organization.data?.log_days ?? "…"} days)`} min={1} max={90} allowDecimal={false} value={days} {...locked} onChange={(v) => { setEdit((x) => ({ ...x, days: v })); }} />
          <Text size="sm">Kind: {kind === "production" ? "Production" : "Development"}. It never changes.</Text>
          <Group gap="xs"><Text size="sm">Host label:</Text><Value value={host} label="Host label" /></Group>
          {save.problem && <Failure title="It was not saved" trouble={save.problem} retry={save.problem.status === 412 ? () => { save.reset(); void now.refetch(); } : undefined} />}
          <Group><Action type="submit" may={may === true ? changed : may} loading={save.isPending}>Save</Action></Group>
        </Stack>
      </form>
    </Section>
  );
}
