import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Plain } from "../../../ui/Plain";
import { Rows, Waiting } from "../../../ui/Rows";
import { Time } from "../../../ui/Time";
import { counted } from "./numbers";

/** Why credentials were refused: a device that never gets in reaches no other list. */
export function RefusedTokens({ instance }: { instance: string }): ReactNode {
  const q = api.useQuery("get", "/api/v1/instances/{instance}/refused-tokens", { params: { path: { instance } } }, { refetchInterval: 15_000 });
  if (q.error) return <Failure trouble={asProblem(q.error)} retry={() => { void q.refetch(); }} />;
  if (!q.data) return <Waiting />;
  if (q.data.data.length === 0) return <Empty title="No credential was refused">When a token is turned away, its cause appears here with the setting to look at. The <Link underline="always" href={to.tokenDoctor(instance)}>token doctor</Link> checks one beforehand.</Empty>;
  return (
    <Rows label="Refused credentials by cause" head={["Why", "What it says of itself", "Where", "Times", "Last"]}>
      {q.data.data.map((r) => (
        <Table.Tr key={[r.where, r.code, r.issuer, r.key_id, r.audience].join("\n")}>
          <Table.Td>
            <Text size="sm" fw={600}><code><Plain>{r.code}</Plain></code></Text>
            <Text size="sm"><Plain>{r.message}</Plain></Text>
            {r.hint && <Text size="sm" c="dimmed"><Plain>{r.hint}</Plain></Text>}
          </Table.Td>
          <Table.Td>
            {([["Issuer", r.issuer], ["Audience", r.audience], ["Key", r.key_id]] as const).map(([label, v]) => v && <Text key={label} size="sm">{label}: <Plain>{v}</Plain></Text>)}
            {!r.issuer && !r.audience && !r.key_id && <Text size="sm" c="dimmed">nothing that can be read</Text>}
          </Table.Td>
          <Table.Td>{r.where === "token" ? "token exchange" : "upload"}</Table.Td>
          <Table.Td>{counted(r.count)}</Table.Td>
          <Table.Td><Time at={r.last_seen_at} />{r.request_id && <> · <Link size="sm" underline="always" href={to.trace(instance, r.request_id)}>the last one</Link></>}</Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}
