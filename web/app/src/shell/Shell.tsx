import { AppShell, Box, Burger, Group, ScrollArea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { to } from "../paths";
import { AccountMenu } from "./AccountMenu";
import { Crumbs } from "./Crumbs";
import { Link } from "./Link";
import { Navigation } from "./Navigation";
import { Palette, PaletteButton } from "./Palette";
import classes from "./Shell.module.css";
import { SignedOut } from "./SignedOut";
import { Unreachable } from "./Unreachable";
import { Verification } from "./Verification";

/** What surrounds every page of somebody who is signed in. */
export function Shell(): ReactNode {
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const main = useRef<HTMLElement>(null);
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    close();
    // A screen reader goes on with the new page, not with the link that is gone.
    main.current?.focus({ preventScroll: true });
  }, [path, close]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !open } }} padding="md">
      <a href="#main" className={classes.skip}>Skip to the content</a>
      <AppShell.Header px="md" component="header">
        <Group h="100%" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap" className={classes.start}>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={open ? "Close the navigation" : "Open the navigation"} aria-expanded={open} />
            <Link href={to.home()} className={classes.brand}>Turnkey</Link>
            <Box visibleFrom="xs" className={classes.crumbs}><Crumbs /></Box>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <PaletteButton />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label="Pages" p="xs">
        <ScrollArea type="hover" scrollbarSize={8}><Navigation /></ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1} className={classes.main}>
        <Box maw={1180} mx="auto"><Box hiddenFrom="xs" mb="xs"><Crumbs /></Box><Unreachable /><Verification /><Outlet /></Box>
      </AppShell.Main>
      <Palette />
      <SignedOut />
    </AppShell>
  );
}
