import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";

interface Props {
  /** What is asked for: the password, or a code where the account has none. */
  label: string;
  autoComplete: string;
  action: string;
  danger?: boolean;
  waiting: boolean;
  problem: Problem | undefined;
  onProof: (proof: string) => void;
  cancel: () => void;
}

/** Asks again for what a stolen session does not have. */
export function Proof({ label, autoComplete, action, danger, waiting, problem, onProof, cancel }: Props): ReactNode {
  const form = useForm({ initialValues: { proof: "" } });
  return (
    <form onSubmit={form.onSubmit((v) => { onProof(v.proof); })}>
      <Stack gap="sm" align="flex-start">
        <PasswordInput label={label} autoComplete={autoComplete} required maxLength={256} w={280} data-autofocus {...form.getInputProps("proof")} />
        {problem && <Failure trouble={problem} />}
        <Group gap="xs">
          <Button type="submit" color={danger ? "red" : undefined} loading={waiting}>{action}</Button>
          <Button variant="default" onClick={cancel}>Cancel</Button>
        </Group>
      </Stack>
    </form>
  );
}
