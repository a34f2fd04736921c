import { Checkbox, NativeSelect, Switch, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { May } from "../../../../api/can";
import { locking } from "../../../../ui/allowed";
import { plain } from "../../../../ui/plain";

interface ChoiceProps {
  may: May;
  data: { value: string; label: string }[];
  value: string;
  choose: (value: string) => void;
  label?: string;
  "aria-label"?: string;
  description?: string;
  error?: string;
}

/** One of some words. A browser's list cannot be read only: locked, it is a text that says what is chosen. */
export function Choice({ may, data, value, choose, label, description, error, "aria-label": name }: ChoiceProps): ReactNode {
  const shared = { label, description, error, "aria-label": name };
  const known = data.find((d) => d.value === value);
  if (may !== true) return <TextInput {...shared} {...locking(may)} value={known?.label ?? plain(value)} />;
  const all = known ? data : [...data, { value, label: value === "" ? "(not set)" : plain(value) }];
  return <NativeSelect {...shared} data={all} value={value} onChange={(e) => { choose(e.currentTarget.value); }} />;
}

interface FlipProps {
  may: May;
  on: boolean;
  set: (on: boolean) => void;
  label?: string;
  "aria-label"?: string;
  description?: string;
  error?: string;
}

/** What is on a switch or in a box that may not be changed: it is seen as it is, reached by keyboard, and says why. */
function shut(may: May): object {
  return may === true ? {} : { "aria-disabled": true, "aria-readonly": true, title: may };
}

/** Yes or no, as a switch. */
export function Flip({ may, on, set, ...rest }: FlipProps): ReactNode {
  return <Switch {...rest} {...shut(may)} checked={on} onChange={(e) => { if (may === true) set(e.currentTarget.checked); }} />;
}

/** Yes or no, as a box in a table. */
export function Tick({ may, on, set, ...rest }: FlipProps): ReactNode {
  return <Checkbox {...rest} {...shut(may)} checked={on} onChange={(e) => { if (may === true) set(e.currentTarget.checked); }} />;
}
