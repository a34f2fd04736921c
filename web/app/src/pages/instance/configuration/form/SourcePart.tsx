import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../../paths";
import { useHere } from "../../../../shell/instance";
import { Link } from "../../../../shell/Link";
import { useSheet, valueAt } from "./context";
import { ChoiceSetting, SecretSetting, TextSetting } from "./inputs";

/** Where rows live. */
export function SourcePart(): ReactNode {
  const { instance } = useHere();
  const { values } = useSheet();
  const postgres = valueAt(values, ["source", "type"]) === "postgres";
  return (
    <Stack gap="md" maw={560}>
      <ChoiceSetting path={["source", "type"]} label="Database" data={[{ value: "mongodb", label: "MongoDB" }, { value: "postgres", label: "PostgreSQL" }]} />
      <SecretSetting path={["source", "uri"]} label="Secret with the connection string" description="The string itself is never in the configuration." />
      <Text size="sm"><Link href={to.secrets(instance.id)} size="sm">Set the secret</Link>, or <Link href={to.enable(instance.id)} size="sm">test the connection in the guide</Link>.</Text>
      <TextSetting path={["source", "database"]} label={postgres ? "Schema for Turnkey's own tables" : "Database name"} placeholder={postgres ? "turnkey" : undefined} required={!postgres} />
      {postgres && <TextSetting path={["source", "row_level_security", "role"]} label="Role for row-level security" description="Empty: rows are not restricted by the database. Such as authenticated." />}
    </Stack>
  );
}
