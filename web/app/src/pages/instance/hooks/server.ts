import { useState } from "react";
import { body, client } from "../../../api/client";
import { asProblem } from "../../../api/problem";
import type { components } from "../../../api/schema";
import { useAct } from "../../../shell/act";
import { afterDeploying } from "../deployments/deployments";
import { textsOf, type Item } from "./project";
import type { Found } from "./problems";
import { candidate, useSave, type ServerFinding, type Workspace } from "./workspace";

/** What the server does with the files, and what it found: compiling, testing, deploying. */
export function useServer(ws: Workspace) {
  const [compiled, setCompiled] = useState<Found>();
  const [tested, setTested] = useState<Found>();
  const path = { params: { path: { instance: ws.instance } } };

  const check = useAct(async (items: Item[]) => {
    const texts = textsOf(items);
    const r = await body(client.POST("/api/v1/instances/{instance}/config/validate", { ...path, body: candidate(items) }));
    setCompiled({ errors: r.errors, warnings: r.warnings, texts, of: "compile" });
    return r;
  });

  const test = useAct(async (items: Item[]) => {
    const texts = textsOf(items);
    const r = await body(client.POST("/api/v1/instances/{instance}/hooks/test", { ...path, body: candidate(items) }));
    setTested({ errors: failures(r), warnings: r.warnings, texts, of: "test" });
    return r;
  }, { quiet: true });

  const save = useSave(ws.instance, () => { check.mutate(ws.items); });

  const deploy = useAct(async (message: string) => {
    const unsaved = ws.items.filter((i) => i.unsaved);
    if (unsaved.length > 0) await save.mutateAsync(unsaved);
    try {
      return await body(client.POST("/api/v1/instances/{instance}/deployments", { ...path, body: { message } }));
    } catch (e) {
      const found = asProblem(e).errors as unknown as ServerFinding[];
      const [tests, rest] = [found.filter((f) => f.code === "test_failed"), found.filter((f) => f.code !== "test_failed")];
      const texts = textsOf(ws.items);
      setCompiled({ errors: rest, warnings: [], texts, of: "compile" });
      if (tests.length > 0) setTested({ errors: tests, warnings: [], texts, of: "test" });
      throw e;
    }
  }, { quiet: true, refresh: afterDeploying, done: (d) => `Deployment ${d.number} is active` });

  return { check, test, save, deploy, found: [compiled, tested].filter((f) => f !== undefined) };
}

export type Server = ReturnType<typeof useServer>;

/** Why tests failed, each once. */
function failures(r: components["schemas"]["HookTestOutputBody"]): ServerFinding[] {
  const told = r.tests.flatMap((t) => (t.failure ? [t.failure] : []));
  return told.length > 0 ? told : r.errors;
}
