import { NativeSelect } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { to } from "../../paths";
import { useHere } from "../../shell/instance";
import { LinkButton } from "../../shell/Link";
import { useSearchState } from "../../shell/search";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { plain } from "../../ui/plain";
import { Waiting } from "../../ui/Rows";
import { readDraft, tablesOf } from "./playground/model";
import { World } from "./playground/World";

/** One row on two phones, offline and online, under a policy of one's choice: rehearsed by the real pipeline. */
export default function PlaygroundPage(): ReactNode {
  const { instance, may } = useHere();
  const read = api.useQuery("get", "/api/v1/instances/{instance}/config", { params: { path: { instance: instance.id } } });
  const draft = useMemo(() => readDraft(read.data?.config ?? ""), [read.data?.config]);
  const tables = useMemo(() => tablesOf(draft).filter((t) => t.columns.length > 0), [draft]);
  const [{ table }, go] = useSearchState({ table: "" });
  const chosen = tables.find((t) => t.name === table) ?? tables[0];
  const lead = "One row on two phones. Each upload goes through your rules, policies and hooks on a runtime, with the previous values that the phone had seen; nothing is committed.";
  const allowed = may("rehearsal:run");
  return (
    <Page title="Two-device playground" lead={lead}>
      {read.error && <Failure trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} />}
      {!read.data && !read.error && <Waiting lines={6} />}
      {read.data && !chosen && <Empty title="There is no table to play with yet" action={<LinkButton href={to.enable(instance.id)}>Enable the backend</LinkButton>}>It needs a table with a text, number or yes-no column.</Empty>}
      {allowed !== true && chosen && <Empty title="Not for your role">{allowed}</Empty>}
      {allowed === true && chosen && (
        <World key={chosen.name} table={chosen} draft={draft}
          choice={<NativeSelect label="Table" w={240} data={tables.map((t) => ({ value: t.name, label: plain(t.name) }))} value={chosen.name} onChange={(e) => { go({ table: e.currentTarget.value }); }} />} />
      )}
    </Page>
  );
}
