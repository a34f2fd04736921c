import { Button, Group, Stack, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { api } from "../../../api/client";
import { Action } from "../../../ui/Action";
import type { StepProps } from "./EnablePage";
import { StepTitle } from "./StepTitle";

/** Which PowerSync the app reads from. */
export function SyncStep({ answers, change, next }: StepProps): ReactNode {
  const offers = api.useQuery("get", "/api/v1/development");
  const url = answers.powersyncURL;
  const good = /^https?:\/\/[^/\s]+/.test(url.trim());
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (good) next(); }}>
      <Stack gap="md">
        <StepTitle lead="Tokens are made for it, and the app is told where it is. In PowerSync's dashboard: the instance URL under Connect.">Your PowerSync instance</StepTitle>
        <TextInput label="PowerSync URL" placeholder="https://65a1b2c3d4.powersync.journeyapps.com" maw="34rem" inputMode="url" value={url} onChange={(e) => { change({ powersyncURL: e.currentTarget.value }); }}
          error={url !== "" && !good ? "It begins with https:// (or http:// on your own machine)." : undefined} />
        <Group>
          <Action type="submit" may={good ? true : "Enter the URL first."}>Go on</Action>
          {offers.data?.powersync_url && <Button variant="light" onClick={() => { change({ powersyncURL: offers.data.powersync_url }); next(); }}>None yet: use {offers.data.powersync_url}</Button>}
        </Group>
      </Stack>
    </form>
  );
}
