import { Button, Group, MultiSelect, NumberInput, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { rules } from "./words";

export interface ChannelValues {
  name: string;
  kind: "mail" | "webhook";
  target: string;
  rules: string[];
  instances: string[];
  remind_hours: number;
}

interface Props {
  initial: ChannelValues;
  /** Its kind stays what it is. */
  existing: boolean;
  instances: { value: string; label: string }[];
  pending: boolean;
  problem: Problem | undefined;
  save: (v: ChannelValues) => void;
}

/** Where alerts go, and which. */
export function ChannelForm({ initial, existing, instances, pending, problem, save }: Props): ReactNode {
  const form = useForm<ChannelValues>({
    initialValues: initial,
    validate: {
      name: (v) => (v.trim() === "" ? "A name is needed." : null),
      target: (v, all) => (all.kind === "mail" ? (/^\S+@\S+$/.test(v) ? null : "That is no mail address.") : /^https?:\/\/\S+$/.test(v) ? null : "That is no URL."),
    },
  });
  return (
    <form onSubmit={form.onSubmit(save)}>
      <Stack>
        <TextInput label="Name" required data-autofocus {...form.getInputProps("name")} />
        <SegmentedControl aria-label="By" disabled={existing} data={[{ value: "mail", label: "Mail" }, { value: "webhook", label: "Signed webhook" }]} {...form.getInputProps("kind")} />
        <TextInput label={form.values.kind === "mail" ? "Address" : "URL"} required {...form.getInputProps("target")} />
        <MultiSelect label="Rules" placeholder={form.values.rules.length === 0 ? "All" : ""} data={rules.map(({ value, label }) => ({ value, label }))} clearable {...form.getInputProps("rules")} />
        <MultiSelect label="Instances" placeholder={form.values.instances.length === 0 ? "All" : ""} data={instances} searchable clearable {...form.getInputProps("instances")} />
        <NumberInput label="Remind after hours" description="An open alert is told again after so many hours; 0: once is enough." min={0} max={168} {...form.getInputProps("remind_hours")} />
        {problem && <Failure trouble={problem} />}
        <Group justify="flex-end"><Button type="submit" loading={pending}>Save</Button></Group>
      </Stack>
    </form>
  );
}
