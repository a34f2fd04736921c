import { Button, Group, PasswordInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api, body, client } from "../../../api/client";
import { useAct } from "../../../shell/act";
import { useHere } from "../../../shell/instance";
import { Action } from "../../../ui/Action";
import { Failure } from "../../../ui/Failure";
import { plain } from "../../../ui/plain";
import type { StepProps } from "./EnablePage";
import { SourceReport } from "./SourceReport";
import { StepTitle } from "./StepTitle";

type Kind = "mongodb" | "postgres";

/** The database: tested from where it will be used, then stored as a secret. */
export function SourceStep({ answers, change, next }: StepProps): ReactNode {
  const { instance, may } = useHere();
  const path = { instance: instance.id };
  const [uri, setURI] = useState("");
  const offers = api.useQuery("get", "/api/v1/development");
  const test = useAct((s: { type: Kind; database: string; uri: string }) => body(client.POST("/api/v1/instances/{instance}/source/test", { params: { path }, body: { type: s.type, database: s.database || undefined, uri: s.uri } })), { quiet: true });
  const store = useAct((value: string) => body(client.PUT("/api/v1/instances/{instance}/secrets/{name}", { params: { path: { ...path, name: "SOURCE_URI" } }, body: { value } })), {
    quiet: true,
    then: () => { change({ stored: true, tables: undefined }); next(); },
  });
  const postgres = answers.type === "postgres";
  const database = answers.database || (postgres ? "turnkey" : "");
  const set = (part: { type?: Kind; database?: string }): void => { test.reset(); change({ ...part, stored: false }); };
  const ready = uri !== "" && database !== "";
  const writes = may("secret:write") === true ? may("source:test") : may("secret:write");
  return (
    <Stack gap="md">
      <StepTitle lead="Turnkey writes to your own database, in its transactions, and keeps its few tables beside yours. The connection string is sealed and never shown again.">Your database</StepTitle>
      {(offers.data?.sources.length ?? 0) > 0 && (
        <Group gap="xs">
          <Text size="sm">On this machine:</Text>
          {offers.data?.sources.map((s) => (
            <Action key={s.type} may={writes} size="compact-sm" variant="light" onClick={() => {
              change({ type: s.type, database: s.database, stored: false });
              setURI(s.uri);
              test.mutate({ type: s.type, database: s.database, uri: s.uri });
            }}>{`Use ${plain(s.name)}`}</Action>
          ))}
        </Group>
      )}
      <SegmentedControl w="fit-content" aria-label="Kind of database" value={answers.type} onChange={(v) => { set({ type: v as Kind, database: "" }); setURI(""); }} data={[{ value: "mongodb", label: "MongoDB" }, { value: "postgres", label: "PostgreSQL" }]} />
      <Group align="flex-start" grow preventGrowOverflow={false} gap="md">
        <PasswordInput label="Connection string" placeholder={postgres ? "postgres://user:password@host/app" : "mongodb+srv://user:password@cluster.mongodb.net"} description={answers.stored && !uri ? "One is stored. Type another to replace it." : "Use a database user that may write this database and nothing else."}
          value={uri} onChange={(e) => { test.reset(); setURI(e.currentTarget.value); }} autoComplete="off" spellCheck={false} miw={280} />
        <TextInput label={postgres ? "Schema for Turnkey's tables" : "Database"} description={postgres ? "Made when you deploy, if it is not there." : "The one that PowerSync replicates."} value={database} onChange={(e) => { set({ database: e.currentTarget.value }); }} miw={200} />
      </Group>
      {test.problem && <Failure title="The test could not run" trouble={test.problem} />}
      {test.data && <SourceReport report={test.data} />}
      {store.problem && <Failure title="Not stored" trouble={store.problem} />}
      <Group>
        <Action variant={test.data?.ok ? "default" : "filled"} may={ready || writes !== true ? writes : "Type a connection string and a database first."} loading={test.isPending} onClick={() => { test.mutate({ type: answers.type, database, uri }); }}>Test the connection</Action>
        {test.data?.ok && <Action may={writes} loading={store.isPending} onClick={() => { change({ database }); store.mutate(uri); }}>Store it and go on</Action>}
        {answers.stored && !uri && <Button variant="default" onClick={next}>Keep the stored one</Button>}
      </Group>
    </Stack>
  );
}
