import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link as RouterLink, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { client } from "../api/client";
import { to } from "../paths";
import { development } from "../settings";
import { IconDown } from "../ui/icons";
import { Plain } from "../ui/Plain";
import { address } from "./Link";
import { useMe } from "./me";

const schemes = [["light", "Light"], ["dark", "Dark"], ["auto", "As the system"]] as const;

/** Who is signed in, the colour scheme, and the way out. */
export function AccountMenu(): ReactNode {
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = async (): Promise<void> => {
    await client.POST("/api/v1/auth/logout", {}).catch(() => undefined); // a session that has ended is signed out, too
    queries.clear();
    await navigate({ href: to.signIn() });
  };
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="default" size="compact-md" fz="sm" rightSection={<IconDown />} title="Account and appearance" maw={200}>
          <Plain>{me?.name || me?.email || "…"}</Plain>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {me && <Menu.Label><Plain>{me.email}</Plain></Menu.Label>}
        <Menu.Item renderRoot={(props) => <RouterLink {...props} {...address(to.account())} />}>Your account</Menu.Item>
        <Menu.Item component="a" href={to.guides()}>Guides</Menu.Item>
        <Menu.Item component="a" href={to.docs()}>API documentation</Menu.Item>
        {development && <Menu.Item renderRoot={(props) => <RouterLink {...props} {...address(to.mailbox())} />}>Development mailbox</Menu.Item>}
        <Menu.Label>Appearance</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(v) => { setColorScheme(v as typeof colorScheme); }}>
          {schemes.map(([value, label]) => <Menu.RadioItem key={value} value={value}>{label}</Menu.RadioItem>)}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => { void signOut(); }}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
