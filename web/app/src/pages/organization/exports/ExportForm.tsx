import { Button, Checkbox, Group, MultiSelect, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState, type ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { Headers } from "./Headers";
import { headersOf, moved, signals, type Export, type HeaderField, type SignalName } from "./words";

export interface ExportValues {
  name: string;
  endpoint: string;
  signals: SignalName[];
  identities: boolean;
  instances: string[];
  headers: Record<string, string>;
}

interface Props {
  known: Export | undefined;
  instances: { value: string; label: string }[];
  pending: boolean;
  problem: Problem | undefined;
  save: (v: ExportValues) => void;
}

/** Where telemetry goes, and which. */
export function ExportForm({ known, instances, pending, problem, save }: Props): ReactNode {
  const [fields, setFields] = useState<HeaderField[]>(() => (known?.headers ?? []).map((name) => ({ key: name, name, value: "", kept: true })));
  const [wrong, setWrong] = useState<string>();
  const form = useForm({
    initialValues: { name: known?.name ?? "", endpoint: known?.endpoint ?? "", signals: known ? known.signals.map((s) => s.signal) : signals.map((s) => s.value), identities: known?.identities ?? false, instances: known?.instances ?? [] },
    validate: {
      name: (v) => (v.trim() === "" ? "A name is needed." : null),
      endpoint: (v) => (/^https?:\/\/\S+$/.test(v) ? null : "That is no address of a receiver."),
      signals: (v) => (v.length === 0 ? "Choose at least one." : null),
    },
  });
  const submit = form.onSubmit((v) => {
    const { headers, problem: trouble } = headersOf(fields);
    setWrong(trouble);
    if (!trouble) save({ ...v, headers });
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" required data-autofocus maxLength={100} {...form.getInputProps("name")} />
        <TextInput label="Address" description="Of a receiver of OTLP over HTTP; /v1/traces, /v1/metrics and /v1/logs are added" placeholder="https://otlp.example.com" required {...form.getInputProps("endpoint")} />
        <Checkbox.Group label="What is sent" required {...form.getInputProps("signals")}>
          <Stack gap="xs" mt="xs">{signals.map((s) => <Checkbox key={s.value} value={s.value} label={s.label} description={s.note} />)}</Stack>
        </Checkbox.Group>
        <Headers fields={fields} set={setFields} problem={wrong} moved={!!known && moved(known.endpoint, form.values.endpoint)} />
        <MultiSelect label="Instances" placeholder={form.values.instances.length === 0 ? "All" : ""} data={instances} searchable clearable {...form.getInputProps("instances")} />
        <Switch label="Name users and devices" description="What has been sent is not erased when a user's data is" {...form.getInputProps("identities", { type: "checkbox" })} />
        {problem && <Failure trouble={problem} />}
        <Group justify="flex-end"><Button type="submit" loading={pending}>Save</Button></Group>
      </Stack>
    </form>
  );
}
