import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import type { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import type { Asked } from "./asked";

interface Props {
  /** What is asked for; undefined: nothing, the account has neither password nor app. */
  asks: Asked | undefined;
  action: string;
  danger?: boolean;
  waiting: boolean;
  problem: Problem | undefined;
  onProof: (proof: { password?: string; code?: string }) => void;
  cancel: () => void;
  /** Other fields or words, before what is asked for. */
  children?: ReactNode;
  /** One of them has the focus already. */
  focused?: boolean;
}

/** Asks again for what a stolen session does not have. */
export function Proof({ asks, action, danger, waiting, problem, onProof, cancel, children, focused = false }: Props): ReactNode {
  const form = useForm({ initialValues: { proof: "" } });
  return (
    <form onSubmit={form.onSubmit((v) => { onProof(asks ? asks.body(v.proof) : {}); })}>
      <Stack gap="sm" align="flex-start">
        {children}
        {asks && <PasswordInput label={asks.label} autoComplete={asks.autoComplete} required maxLength={256} w={280} maw="100%" autoFocus={!focused} {...form.getInputProps("proof")} />}
        {problem && <Failure trouble={problem} />}
        <Group gap="xs">
          <Button type="submit" color={danger ? "red" : undefined} loading={waiting}>{action}</Button>
          <Button variant="default" onClick={cancel}>Cancel</Button>
        </Group>
      </Stack>
    </form>
  );
}
