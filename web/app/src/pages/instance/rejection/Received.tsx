import { Badge, Button, Card, Group, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { indented } from "../../../api/exact";
import { Code } from "../../../ui/Code";
import { Plain } from "../../../ui/Plain";
import { operations } from "./edit";

/** What is shown at once of a transaction; a larger one is read as a file. */
export const mostShown = 256 * 1024;
const mostOperations = 50;

/** The client's transaction as it was received, operation by operation, the one to blame marked. */
export function Received({ text, blame }: { text: string; blame: number }): ReactNode {
  const [raw, setRaw] = useState(false);
  const list = operations(text);
  if (text.length > mostShown) return <TooLarge text={text} />;
  if (raw || list.length === 0) {
    return (
      <Stack gap="xs" align="stretch">
        {list.length > 0 && <Group><Button size="compact-sm" variant="subtle" onClick={() => { setRaw(false); }}>By operation</Button></Group>}
        <Code code={text} label="The transaction as it was received" />
      </Stack>
    );
  }
  // The one to blame is always among those that are shown.
  const shown = list.map((o, index) => ({ o, index })).filter(({ index }) => index < mostOperations || index === blame);
  return (
    <Stack gap="xs" align="stretch">
      <Group><Button size="compact-sm" variant="subtle" onClick={() => { setRaw(true); }}>As it was received</Button></Group>
      {shown.map(({ o, index }) => (
        <Card key={index} withBorder padding="sm">
          <Group gap="xs" mb="xs">
            <Text size="sm" fw={600}>{index + 1}. <Plain>{`${o.op} ${o.table}`}</Plain></Text>
            <Text size="xs" c="dimmed"><Plain>{o.id}</Plain></Text>
            {index === blame && <Badge color="red" variant="light" tt="none">To blame</Badge>}
          </Group>
          <Code code={o.data ? indented(text, o.data) : indented(text, o.node)} label={`Operation ${index + 1}`} />
        </Card>
      ))}
      {list.length > shown.length && <Text size="sm">{list.length - shown.length} more operations: see the text as it was received.</Text>}
    </Stack>
  );
}

function TooLarge({ text }: { text: string }): ReactNode {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "transaction.json";
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Group gap="sm">
      <Text size="sm">The transaction is too large to be shown here. It can be edited as a file and replayed over the REST API.</Text>
      <Button size="compact-sm" variant="default" onClick={save}>Save it as a file</Button>
    </Group>
  );
}
