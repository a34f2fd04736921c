import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";

/** A place in a hook's file that a line of the log begins with: what hooks log, and why they failed. */
export function placeIn(message: string): { file: string; line: number } | undefined {
  const found = /^((?:hooks|lib)\/[\w./-]{1,200}\.(?:ts|js)):(\d{1,6})(?::\d{1,6})?[: ]/.exec(message);
  return found?.[1] ? { file: found[1], line: Number(found[2]) } : undefined;
}

/** Leads to the line of the hook that a message is from; nothing where it is from none. */
export function HookLink({ instance, message }: { instance: string; message: string | undefined }): ReactNode {
  const place = placeIn(message ?? "");
  if (!place) return null;
  return <Link href={to.hooks(instance, place)} size="sm"><Text span inherit>Open <Plain>{`${place.file}:${place.line}`}</Plain></Text></Link>;
}
