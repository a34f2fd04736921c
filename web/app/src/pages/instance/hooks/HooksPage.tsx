import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useState } from "react";
import { useSearchState } from "../../../shell/search";
import { Action } from "../../../ui/Action";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import { Waiting } from "../../../ui/Rows";
import { Bench } from "./Bench";
import { edits } from "./edits";
import { NewFile } from "./NewFile";
import { useServer } from "./server";
import { useWorkspace, type Workspace } from "./workspace";

export default function HooksPage(): ReactNode {
  const ws = useWorkspace();
  const server = useServer(ws);
  const [at, setAt] = useSearchState({ file: "", panel: "problems", line: "", on: "" });
  const [making, setMaking] = useState(false);
  const path = ws.items.some((i) => i.path === at.file) ? at.file : (ws.items[0]?.path ?? "");
  const unsaved = ws.items.filter((i) => i.unsaved);
  const make = <Action variant="default" may={ws.mayWrite} onClick={() => { setMaking(true); }}>New file</Action>;
  return (
    <Page title="Hooks" lead="Your code beside the data, in the transaction of the write."
      actions={<Group gap="xs">{make}{unsaved.length > 1 && <Action may={ws.mayWrite} loading={server.save.isPending} onClick={() => { server.save.mutate(unsaved); }}>Save {unsaved.length} files</Action>}</Group>}>
      {content(ws, make, <Bench ws={ws} server={server} path={path} at={at} setAt={setAt} />)}
      <NewFile opened={making} close={() => { setMaking(false); }} tables={ws.tables} taken={ws.items.map((i) => i.path)}
        make={(file, text) => { edits.put(ws.instance, file, { text, etag: "" }); setAt({ file, line: "" }); }} />
    </Page>
  );
}

function content(ws: Workspace, make: ReactNode, bench: ReactNode): ReactNode {
  if (ws.problem && !ws.draft) return <Failure trouble={ws.problem} title="The hooks cannot be shown" retry={ws.retry} />;
  if (!ws.draft) return <Waiting lines={6} />;
  if (ws.items.length === 0) {
    return (
      <Empty title="No hooks yet" action={make}>
        A hook looks at each write before it is stored: it cleans, completes or refuses it, decides conflicts, and tells others afterwards. Begin with a template; it knows your tables.
      </Empty>
    );
  }
  return bench;
}
