import { Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { api } from "../../../api/client";
import { to } from "../../../paths";
import { useHere } from "../../../shell/instance";
import { LinkButton } from "../../../shell/Link";
import { Empty } from "../../../ui/Empty";
import { Plain } from "../../../ui/Plain";

const day = 86_400_000;

/**
 * Why there are no conflicts. The reason that people do not think of: without previous values from the device there is
 * nothing to compare with, and every write simply wins.
 */
export function NoConflicts({ narrowed }: { narrowed: boolean }): ReactNode {
  const { instance } = useHere();
  const [since] = useState(() => new Date(Date.now() - day).toISOString());
  const metrics = api.useQuery("get", "/api/v1/instances/{instance}/metrics", { params: { path: { instance: instance.id }, query: { since, step: 3600 } } }, { enabled: !narrowed, refetchInterval: 30_000 });
  if (narrowed) return <Empty title="No conflict is like that">Others may be there: clear what narrows the list.</Empty>;
  const total = metrics.data?.total;
  const schema = <LinkButton href={to.connect(instance.id)} variant="default">The client schema, on the Connect page</LinkButton>;
  if (total && total.no_previous_values > 0) {
    return (
      <Empty title="Nothing to decide, and conflicts may go unseen" action={schema}>
        In the last day {total.no_previous_values} writes that could have been in conflict came without previous values: they could not be compared, and the last one won.
        {total.tables.some((t) => t.no_previous_values > 0) && <> They were to {total.tables.filter((t) => t.no_previous_values > 0).map((t, n) => <span key={t.table}>{n > 0 && ", "}<code><Plain>{t.table}</Plain></code> ({t.no_previous_values})</span>)}.</>}
        <Text component="span" display="block" mt="xs">Let the app&apos;s tables track previous values (<code>trackPrevious</code>), as in the client schema.</Text>
      </Empty>
    );
  }
  if (total && Object.keys(total.transactions).length === 0) {
    return <Empty title="Nothing to decide: nothing was written in the last day" action={schema}>Conflicts are met when devices send previous values: the client schema turns them on.</Empty>;
  }
  return <Empty title="Nothing to decide">What a policy decides otherwise than the device wrote, and what the policy “record” leaves open, is listed here.</Empty>;
}
