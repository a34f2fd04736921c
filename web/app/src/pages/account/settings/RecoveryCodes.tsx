import { Alert, Button, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Code } from "../../../ui/Code";

/** Recovery codes, which are shown this once. */
export function RecoveryCodes({ codes, done }: { codes: string[]; done: () => void }): ReactNode {
  return (
    <Stack gap="sm" align="flex-start" w="100%" maw={460}>
      <Alert color="yellow" variant="light" title="Keep these recovery codes" w="100%" role="status">
        <Text size="sm">Each signs you in once without the app. They are shown only now: print them, or put them into a password manager.</Text>
      </Alert>
      <Code code={codes.join("\n")} label="recovery codes" />
      <Button onClick={done}>I have kept them</Button>
    </Stack>
  );
}
