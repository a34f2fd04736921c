import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, type ReactNode } from "react";
import { body, client } from "../api/client";
import { asProblem } from "../api/problem";
import { to } from "../paths";
import { Failure } from "../ui/Failure";
import { useMe } from "./me";
import { session, useEnded } from "./session";

/** Asks to sign in again when the session ended under the page. Coming back from another tab is noticed by itself. */
export function SignedOut(): ReactNode {
  const ended = useEnded();
  return (
    <Modal opened={ended === "asking"} onClose={() => { session.later(); }} title="You are signed out" closeButtonProps={{ "aria-label": "Close" }}>
      <Asking />
    </Modal>
  );
}

function Asking(): ReactNode {
  const user = useMe()?.id;
  const queries = useQueryClient();
  const [trouble, setTrouble] = useState<{ message: string; hint?: string }>();
  const look = useCallback(async (asked: boolean): Promise<void> => {
    try {
      const me = await body(client.GET("/api/v1/auth/me", {}));
      if (me.id !== user) window.location.reload(); // what is here is somebody else's
      session.resume();
      await queries.invalidateQueries();
    } catch (e) {
      const p = asProblem(e);
      if (asked) setTrouble(p.status === 401 ? { message: "You are still signed out." } : p);
    }
  }, [user, queries]);
  useEffect(() => {
    const back = (): void => { void look(false); };
    window.addEventListener("focus", back);
    return () => { window.removeEventListener("focus", back); };
  }, [look]);
  return (
    <Stack gap="md">
      <Text size="sm">Your session has ended, and nothing is saved until you sign in again. What is on this page stays as it is.</Text>
      {trouble && <Failure title="Not signed in" trouble={trouble} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={() => { void look(true); }}>I have signed in</Button>
        <Button component="a" href={to.signIn("/account")} target="_blank" rel="noopener" data-autofocus>Sign in in another tab</Button>
      </Group>
    </Stack>
  );
}
