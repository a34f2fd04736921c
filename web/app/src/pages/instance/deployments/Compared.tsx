import { Select, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { useHere } from "../../../shell/instance";
import { useSearchState } from "../../../shell/search";
import { Failure } from "../../../ui/Failure";
import { Waiting } from "../../../ui/Rows";
import { useDeployment, type Whole } from "./deployments";
import { DiffList } from "./DiffList";
import { differencesOf, nothing, type Snapshot } from "./diff";

/** A deployment beside another one, or the draft: what would change by going from the other to this one. */
export function Compared({ of: d }: { of: Whole }): ReactNode {
  const { instance } = useHere();
  const [at, setAt] = useSearchState({ against: d.number > 1 ? String(d.number - 1) : "nothing" });
  const number = /^\d+$/.test(at.against) ? Number(at.against) : 0;
  const other = useDeployment(instance.id, number);
  const draft = api.useQuery("get", "/api/v1/instances/{instance}/draft", { params: { path: { instance: instance.id } } }, { enabled: at.against === "draft" });
  const choices = [
    ...(d.number > 1 ? [{ value: String(d.number - 1), label: `Deployment ${d.number - 1}, the one before` }] : []),
    ...(instance.deployment && instance.deployment !== d.number && instance.deployment !== d.number - 1 ? [{ value: String(instance.deployment), label: `Deployment ${instance.deployment}, the active one` }] : []),
    { value: "draft", label: "The draft" },
    { value: "nothing", label: "Nothing: all of it" },
  ];
  if (!choices.some((c) => c.value === at.against)) choices.push({ value: at.against, label: `Deployment ${at.against}` });
  const error = number > 0 ? other.error : draft.error;
  const from: Snapshot | undefined = at.against === "nothing" ? nothing
    : at.against === "draft" ? draft.data && { config: draft.data.config, files: Object.fromEntries(draft.data.files.map((f) => [f.path, f.content])) }
      : other.data && { config: other.data.config ?? "", files: other.data.files };
  return (
    <Stack gap="md" component="section" aria-label="What changed">
      <Title order={2} size="h4">What changed</Title>
      <Select label="Compared with" data={choices} value={at.against} allowDeselect={false} maw={360} onChange={(v) => { setAt({ against: v ?? "nothing" }); }} />
      {error ? <Failure trouble={asProblem(error)} title="The other side cannot be read" /> : from
        ? <DiffList label="Files that differ" list={differencesOf(from, { config: d.config ?? "", files: d.files })} same="Nothing differs: configuration and hook files are the same." />
        : <Waiting lines={2} />}
    </Stack>
  );
}
