import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Narrow } from "../../../ui/Narrow";

/** One thing to narrow a list by; with options it is chosen, without it is typed. */
export interface Filter {
  key: string;
  label: string;
  options?: { value: string; label: string }[];
  placeholder?: string;
}

interface Props {
  filters: Filter[];
  state: Record<string, string>;
  defaults: Record<string, string>;
  set: (change: Record<string, string>) => void;
}

/** What a list is narrowed by. The state is the address's. */
export function Filters({ filters, state, defaults, set }: Props): ReactNode {
  const changed = filters.some((f) => state[f.key] !== defaults[f.key]);
  return (
    <Narrow label="Narrow the list">
      {filters.map((f) =>
        f.options
          ? <NativeSelect key={f.key} label={f.label} size="sm" data={f.options} value={state[f.key]} onChange={(e) => { set({ [f.key]: e.currentTarget.value }); }} />
          : <Typed key={`${f.key}=${state[f.key]}`} filter={f} value={state[f.key] ?? ""} set={(value) => { set({ [f.key]: value }); }} />,
      )}
      {changed && <Button variant="subtle" size="sm" onClick={() => { set(defaults); }}>Clear</Button>}
    </Narrow>
  );
}

/** Takes effect by Enter or when it is left, so that the list does not run after every letter. */
function Typed({ filter, value, set }: { filter: Filter; value: string; set: (value: string) => void }): ReactNode {
  const [text, setText] = useState(value);
  const apply = (): void => { if (text.trim() !== value) set(text.trim()); };
  return (
    <TextInput label={filter.label} size="sm" value={text} placeholder={filter.placeholder} spellCheck={false} autoComplete="off"
      onChange={(e) => { setText(e.currentTarget.value); }} onBlur={apply} onKeyDown={(e) => { if (e.key === "Enter") apply(); }} />
  );
}
