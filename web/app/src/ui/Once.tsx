import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { Code } from "./Code";

interface Props {
  title: string;
  /** The value; undefined: nothing to show, the dialog is closed. */
  value: string | undefined;
  label: string;
  /** What it is good for, and what to do with it. */
  children: ReactNode;
  onClose: () => void;
}

/** A value that is shown once: it has to be copied before the dialog is closed. */
export function Once({ title, value, label, children, onClose }: Props): ReactNode {
  const [ready, setReady] = useState(false);
  // It often follows a dialog that closes in the same moment, and gives the focus back to what opened that: this one comes
  // after, so that the focus comes back there once more.
  useEffect(() => {
    const timer = setTimeout(() => { setReady(value !== undefined); }, value === undefined ? 0 : 80);
    return () => { clearTimeout(timer); };
  }, [value]);
  return (
    <Modal opened={ready && value !== undefined} onClose={onClose} title={title} size="lg" closeOnClickOutside={false} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack gap="md">
        <Text size="sm" component="div">{children}</Text>
        <Code code={value ?? ""} label={label} />
        <Alert color="yellow" variant="light" title="It is not shown again">Keep it where secrets are kept. Whoever has it can use it.</Alert>
        <Group justify="flex-end"><Button onClick={onClose}>I have copied it</Button></Group>
      </Stack>
    </Modal>
  );
}
