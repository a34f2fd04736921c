import { Anchor, Button, type AnchorProps, type ButtonProps } from "@mantine/core";
import { Link as RouterLink } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link inside the dashboard; href comes from `to`. It is as large as the text it stands in, unless it says otherwise. */
export function Link({ href, children, ...rest }: AnchorProps & { href: string; title?: string; children: ReactNode }): ReactNode {
  return <Anchor inherit={rest.size === undefined} {...rest} renderRoot={(props) => <RouterLink {...props} {...address(href)} />}>{children}</Anchor>;
}

/** A link that looks like a button. */
export function LinkButton({ href, children, ...rest }: ButtonProps & { href: string; children: ReactNode }): ReactNode {
  return <Button {...rest} renderRoot={(props) => <RouterLink {...props} {...address(href)} />}>{children}</Button>;
}

/** What the router wants of an address: path, search and hash apart. */
export function address(href: string): { to: string; search: Record<string, string>; hash?: string } {
  const url = new URL(href, "http://here");
  return { to: decodeURI(url.pathname), search: Object.fromEntries(url.searchParams), ...(url.hash ? { hash: url.hash.slice(1) } : {}) };
}
