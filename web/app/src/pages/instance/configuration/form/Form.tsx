import { Alert, Anchor, Tabs } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import type { May } from "../../../../api/can";
import { body, client } from "../../../../api/client";
import { useHere } from "../../../../shell/instance";
import { useSearchState } from "../../../../shell/search";
import { parse, values, type Finding } from "../document";
import { append, rename, set, unset } from "../edits";
import type { Draft } from "../useDraft";
import { AuthPart } from "./AuthPart";
import { SheetContext, type Sheet } from "./context";
import { HooksPart } from "./HooksPart";
import { KeepingPart } from "./KeepingPart";
import { SourcePart } from "./SourcePart";
import { TablesPart } from "./TablesPart";

interface Props {
  draft: Draft;
  errors: Finding[];
  warnings: Finding[];
  may: May;
  production: boolean;
  go: (path: string) => void;
}

const parts = [["tables", "Tables"], ["auth", "Sign-in"], ["source", "Source"], ["hooks", "Hooks"], ["keeping", "Keeping"]] as const;

/** The document as a form. Every change is an edit of its text. */
export function Form(props: Props): ReactNode {
  const [{ part }, setPart] = useSearchState({ part: "tables" });
  const sheet = useSheetOf(props);
  if (!sheet) {
    return (
      <Alert color="yellow" variant="light" title="The form cannot show this document">
        The text is not valid YAML. <Anchor component="button" type="button" size="sm" onClick={() => { props.go(""); }}>Mend it in the YAML view</Anchor>, and the form comes back.
      </Alert>
    );
  }
  return (
    <SheetContext value={sheet}>
      <Tabs value={part} onChange={(v) => { setPart({ part: v ?? "tables" }); }} keepMounted={false}>
        <Tabs.List aria-label="Parts of the configuration">{parts.map(([value, label]) => <Tabs.Tab key={value} value={value}>{label}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="tables" pt="md"><TablesPart /></Tabs.Panel>
        <Tabs.Panel value="auth" pt="md"><AuthPart /></Tabs.Panel>
        <Tabs.Panel value="source" pt="md"><SourcePart /></Tabs.Panel>
        <Tabs.Panel value="hooks" pt="md"><HooksPart /></Tabs.Panel>
        <Tabs.Panel value="keeping" pt="md"><KeepingPart /></Tabs.Panel>
      </Tabs>
    </SheetContext>
  );
}

/** The sheet of a draft; undefined while its text is no YAML. */
export function useSheetOf({ draft, errors, may, production, go }: Omit<Props, "warnings">): Sheet | undefined {
  const { instance } = useHere();
  const secrets = useQuery({ queryKey: ["secrets", instance.id, "names"], queryFn: () => body(client.GET("/api/v1/instances/{instance}/secrets", { params: { path: { instance: instance.id } } })) });
  const { text, edit } = draft;
  return useMemo(() => {
    const doc = parse(text);
    if (doc.errors.length > 0) return undefined;
    return {
      values: values(doc), errors, may, production, secrets: (secrets.data?.data ?? []).map((s) => s.name), go,
      set: (path, value, flow) => { edit(set(text, path, value, flow)); },
      unset: (path, keep) => { edit(unset(text, path, keep)); },
      rename: (path, name) => { edit(rename(text, path, name)); },
      append: (path, value) => { edit(append(text, path, value)); },
    };
  }, [text, edit, errors, may, production, secrets.data, go]);
}
