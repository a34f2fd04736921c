import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { body, client } from "../../api/client";
import { exact, get, indented, mistake } from "../../api/exact";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { to } from "../../paths";
import { useAct } from "../../shell/act";
import { useHere } from "../../shell/instance";
import { Link } from "../../shell/Link";
import { Action } from "../../ui/Action";
import { Code } from "../../ui/Code";
import { confirm } from "../../ui/confirm";
import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { Plain } from "../../ui/Plain";
import { Waiting } from "../../ui/Rows";
import { decoded } from "./inbox/bytes";
import { Facts, Part } from "./inbox/Facts";
import { Notice } from "./inbox/Notice";
import { Rehearse } from "./inbox/Rehearse";
import { Report } from "./inbox/Report";
import { summarise, type Results } from "./inbox/results";
import { SaveTest } from "./inbox/SaveTest";
import { Status } from "./inbox/Status";
import { trail } from "./inbox/Trail";
import { CaseConflicts } from "./rejection/CaseConflicts";
import { Dependents } from "./rejection/Dependents";
import { replayBody } from "./rejection/edit";
import { Editor, type Drafts } from "./rejection/Editor";
import { mostShown, Received } from "./rejection/Received";

type Rejection = components["schemas"]["RejectionOutputBody"];

/** One refused write. */
export default function RejectionPage(): ReactNode {
  const { rejection: id = "" } = useParams({ strict: false }) as { rejection?: string };
  return <OneRejection key={id} id={id} />;
}

function OneRejection({ id }: { id: string }): ReactNode {
  const { instance, may } = useHere();
  const path = { params: { path: { instance: instance.id, rejection: id } } };
  const read = useQuery({
    queryKey: ["inbox", "rejection", instance.id, id], refetchInterval: 10_000,
    queryFn: () => exact<Rejection>(client.GET("/api/v1/instances/{instance}/rejections/{rejection}", { ...path, parseAs: "text" })),
  });
  const [edited, setEdited] = useState<string>();
  const [drafts, setDrafts] = useState<Drafts>({});
  const [results, setResults] = useState<Results>();
  const told = (words: { done: string; failed: string; states: string[] }) => (out: components["schemas"]["OutcomesOutputBody"]): void => {
    setResults(summarise(words, [id], out.outcomes));
  };
  const replay = useAct(
    (o: { text: string; force: boolean }) => {
      // As text: the client would write the transaction's numbers anew.
      const order = { ...path, body: o.text as never, bodySerializer: (text: unknown): string => text as string, headers: { "Content-Type": "application/json" } };
      return body(o.force ? client.POST("/api/v1/instances/{instance}/rejections/{rejection}/force", order) : client.POST("/api/v1/instances/{instance}/rejections/{rejection}/replay", order));
    },
    { quiet: true, refresh: [["inbox"]], then: (out) => { told({ done: "replayed", failed: "refused again", states: ["replayed"] })(out); if (out.outcomes[0]?.status === "replayed") setEdited(undefined); } },
  );
  const discard = useAct(() => body(client.POST("/api/v1/instances/{instance}/rejections/{rejection}/discard", path)), { quiet: true, refresh: [["inbox"]], then: told({ done: "discarded", failed: "not discarded", states: ["discarded"] }) });
  if (read.error && !read.data) return <Page title="Refused write"><Failure title="This refused write cannot be shown" trouble={asProblem(read.error)} retry={() => { void read.refetch(); }} /></Page>;
  if (!read.data) return <Page title="Refused write"><Waiting lines={6} /></Page>;
  const { value: r, text, node } = read.data;
  const payload = decoded(r.payload);
  const waits = r.status === "open" || r.status === "held";
  const settled = waits ? undefined : `It was ${r.status} already.`;
  const held = r.status === "held" ? "It waits for another: settle that one first." : undefined;
  const wrong = edited !== undefined && (mistake(edited) !== undefined || Object.values(drafts).some((d) => d !== undefined));
  const allowed = (permission: string, own: string | undefined): true | string => { const m = may(permission); return m !== true ? m : (own ?? true); };
  const transaction = edited !== undefined && edited !== payload.text ? edited : undefined;
  const send = (force: boolean): void => { replay.mutate({ text: replayBody(transaction), force }); };
  const cannot = settled ?? held ?? (wrong ? "What was typed is no JSON yet." : undefined);
  const claims = get(node, "claims");
  const device = get(node, "client");
  return (
    <Page
      title={`Refused write${r.table ? ` on ${r.table}` : ""}`} lead="It left the device's queue, and is kept whole."
      actions={<>
        <SaveTest kind="rejections" id={id} />
        <Action variant="light" color="red" loading={discard.isPending} may={allowed("rejection:write", settled)}
          onClick={() => { confirm({ title: "Discard this write?", body: "It is never applied, and neither is what waits for it. It stays readable until its retention ends. This cannot be undone.", action: "Discard", onConfirm: () => { discard.mutate(undefined); } }); }}>Discard</Action>
      </>}
    >
      <Report told={results && { results }} href={(other) => to.rejection(instance.id, other)} close={() => { setResults(undefined); }} />
      <Why rejection={r} />
      <Facts label="About the refused write" facts={[
        ["State", <Status key="state" status={r.status} />],
        ["To blame", r.operation < 0 ? "the whole transaction" : `operation ${r.operation + 1}`],
        ["Waits for", r.group !== r.id && <Link href={to.rejection(instance.id, r.group)} size="sm">the first of its group</Link>],
        ["Replays that failed", r.attempts > 0 && String(r.attempts)],
        ["Provider", r.provider && <Plain>{r.provider}</Plain>],
        ...trail(instance.id, r),
      ]} />
      <CaseConflicts rejection={id} />
      <Part title="The client's transaction" aside={waits && !payload.damaged && payload.text.length <= mostShown && (
        <Button size="compact-sm" variant="default" onClick={() => { setDrafts({}); setEdited(edited === undefined ? payload.text : undefined); }}>{edited === undefined ? "Edit it" : "Leave it as it was"}</Button>
      )}>
        {payload.damaged && <Text size="sm">It is no valid UTF-8: it can be read and discarded, but not edited.</Text>}
        {edited === undefined ? <Received text={payload.text} blame={r.operation} /> : <Editor instance={instance.id} deployment={instance.deployment} text={edited} set={setEdited} drafts={drafts} setDrafts={setDrafts} blame={r.operation} />}
        {replay.problem && <Failure title="It was not replayed" trouble={replay.problem} />}
        {discard.problem && <Failure title="It was not discarded" trouble={discard.problem} />}
        {waits && (
          <Group gap="xs">
            <Action loading={replay.isPending} may={allowed("rejection:write", cannot)} onClick={() => { send(false); }}>{transaction === undefined ? "Replay it" : "Replay it as edited"}</Action>
            <Action variant="subtle" color="red" loading={replay.isPending} may={allowed("rejection:force", cannot)} onClick={() => {
              confirm({
                title: "Write it whatever the rules say?", action: "Write without the rules", onConfirm: () => { send(true); },
                body: "The allow rules of the tables are not asked: what the user might not write is written all the same, in their name. Types, hooks and the database's own constraints still hold. It is noted in the audit log.",
              });
            }}>Replay without the rules</Action>
          </Group>
        )}
      </Part>
      <Dependents rejection={r} />
      <Rehearse kind="rejection" id={id} />
      {(claims ?? device) && (
        <Part title="Who sent it">
          {claims && <><Text size="sm" c="dimmed">The user&apos;s claims: a replay runs with them.</Text><Code code={indented(text, claims)} label="The claims" /></>}
          {device && <><Text size="sm" c="dimmed">The device&apos;s own report</Text><Code code={indented(text, device)} label="The device's report" /></>}
        </Part>
      )}
    </Page>
  );
}

function Why({ rejection: r }: { rejection: Rejection }): ReactNode {
  return (
    <Notice good={false} title={<code><Plain>{r.error_code}</Plain></code>}>
      <Text size="sm"><Plain>{r.message}</Plain></Text>
      {r.hint && <Text size="sm" fw={600}><Plain>{r.hint}</Plain></Text>}
      {r.detail && <><Text size="xs" c="dimmed" mt="xs">What the database said; devices do not see it:</Text><Code code={r.detail} label="What the database said" /></>}
    </Notice>
  );
}
