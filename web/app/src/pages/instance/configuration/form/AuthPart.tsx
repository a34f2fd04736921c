import { Button, Group, Menu, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Action, IconAction } from "../../../../ui/Action";
import { confirm } from "../../../../ui/confirm";
import { IconPlus, IconTrash } from "../../../../ui/icons";
import { Plain } from "../../../../ui/Plain";
import { plain } from "../../../../ui/plain";
import { useSheet, valueAt } from "./context";
import { ChoiceSetting, ListSetting, SecretSetting, SwitchSetting, TextSetting } from "./inputs";
import { Pairs } from "./Pairs";
import { providerTypes } from "./words";

/** Who may ask for tokens, and what tokens carry. */
export function AuthPart(): ReactNode {
  const sheet = useSheet();
  const list = valueAt(sheet.values, ["auth", "providers"]);
  const providers = Array.isArray(list) ? (list as unknown[]) : [];
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextSetting path={["auth", "powersync_url"]} label="PowerSync URL" description="Handed to devices with their token" required placeholder="https://foo.powersync.example" />
        <ListSetting path={["auth", "audiences"]} label="Audiences" description="Empty: the PowerSync URL" placeholder="the PowerSync URL" />
        <TextSetting path={["auth", "token_ttl"]} label="Life of a token" description="From 30s to 24h" placeholder="5m" />
        <ChoiceSetting path={["auth", "algorithm"]} label="Signature" description="Of new signing keys" data={[{ value: "", label: "EdDSA (the default)" }, { value: "EdDSA", label: "EdDSA" }, { value: "RS256", label: "RS256" }]} />
      </SimpleGrid>
      <SwitchSetting path={["auth", "development_tokens"]} label="Development tokens" forbidden={sheet.production ? "Production instances never give tokens that prove nothing." : undefined}
        description="Anyone may get a token for any user: for trying things, on development instances only." />
      <Title order={2} size="h5">Providers</Title>
      {providers.length === 0 && <Text size="sm" c="dimmed">None: no user can prove who they are.</Text>}
      {providers.map((p, n) => <Provider key={n} n={n} type={String(valueAt(p, ["type"]) ?? "")} name={String(valueAt(p, ["name"]) ?? "")} />)}
      <AddProvider names={providers.map((p) => String(valueAt(p, ["name"]) ?? ""))} />
      <Pairs path={["auth", "claims"]} label="Claims" description="Of the tokens that devices get: CEL over the provider's claims, such as claims.role" what="Claim" empty="Only the user's id."
        fresh={(key) => `claims.${key}`} input={(path, label) => <TextSetting path={path} label={label} bare code keep={3} />} />
    </Stack>
  );
}

function AddProvider({ names }: { names: string[] }): ReactNode {
  const sheet = useSheet();
  const add = (type: string): void => {
    let name = type === "api_key" ? "server" : type === "anonymous" ? "anonymous" : "app";
    for (let n = 2; names.includes(name); n++) name = `${name.replace(/\d+$/, "")}${n}`;
    sheet.append(["auth", "providers"], { name, type, ...(type === "api_key" || type === "anonymous" ? {} : { user_id: "claims.sub" }) });
  };
  return (
    <Group>
      {sheet.may !== true ? <Action variant="default" leftSection={<IconPlus />} may={sheet.may}>Add a provider</Action> : <Menu position="bottom-start">
        <Menu.Target><Button variant="default" leftSection={<IconPlus />}>Add a provider</Button></Menu.Target>
        <Menu.Dropdown>{providerTypes.map((t) => <Menu.Item key={t.value} onClick={() => { add(t.value); }}>{t.label}</Menu.Item>)}</Menu.Dropdown>
      </Menu>}
    </Group>
  );
}

function Provider({ n, type, name }: { n: number; type: string; name: string }): ReactNode {
  const sheet = useSheet();
  const at = (key: string): (string | number)[] => ["auth", "providers", n, key];
  const verifies = type === "jwks" || type === "public_key" || type === "shared_secret";
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label={`Provider ${plain(name)}`}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={3} size="h6"><Plain>{name || `Provider ${n + 1}`}</Plain></Title>
          <IconAction may={sheet.may} label={`Remove provider ${plain(name)}`} onClick={() => {
            confirm({ title: "Remove the provider?", body: "From the next deployment on, its users get no token.", action: "Remove", onConfirm: () => { sheet.unset(["auth", "providers", n], 2); } });
          }}><IconTrash /></IconAction>
        </Group>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextSetting path={at("name")} label="Name" keep={3} required />
          <ChoiceSetting path={at("type")} label="Kind" data={providerTypes} keep={3} />
          {type === "jwks" && <TextSetting path={at("jwks_uri")} label="Address of the key set" placeholder="https://issuer.example/.well-known/jwks.json" keep={3} />}
          {type === "public_key" && <TextSetting path={at("public_key")} label="Public key" description="PEM" keep={3} />}
          {type === "shared_secret" && <SecretSetting path={at("secret")} label="Secret" description="At least 32 bytes" keep={3} />}
          {verifies && <TextSetting path={at("issuer")} label="Issuer" placeholder="https://issuer.example" keep={3} />}
          {verifies && <ListSetting path={at("audience")} label="Audience" keep={3} />}
          {verifies && <TextSetting path={at("user_id")} label="User's id" description="CEL over claims" placeholder="claims.sub" code keep={3} />}
          {type !== "api_key" && <TextSetting path={at("user_id_prefix")} label="Prefix of users' ids" description="Needed with two or more providers" placeholder={`${name}|`} keep={3} />}
        </SimpleGrid>
        {verifies && <SwitchSetting path={at("upload")} label="Its own tokens may upload" description="Without asking for a token here first" keep={3} />}
      </Stack>
    </Paper>
  );
}
