import { Badge, Card, Group, Radio, Text, Textarea } from "@mantine/core";
import type { ReactNode } from "react";
import { indented, mistake } from "../../../api/exact";
import type { components } from "../../../api/schema";
import { Plain } from "../../../ui/Plain";
import { plain } from "../../../ui/plain";
import classes from "../inbox/inbox.module.css";
import { formOf, same, unlike, type Pick, type Sides } from "./choice";

interface Props {
  field: components["schemas"]["ConflictField"];
  type: string | undefined;
  sides: Sides;
  /** Absent: nothing can be decided any more. */
  choose?: { pick: Pick | undefined; set: (pick: Pick) => void };
}

/** One column in conflict: both sides beside each other, and what to make of it. */
export function Column({ field, type, sides, choose }: Props): ReactNode {
  const pick = choose?.pick;
  const left = field.outcome === "recorded"; // nothing was decided, and what was stored stayed
  const changed = !same(sides.current, left ? sides.server : sides.decided);
  return (
    <Card withBorder padding="sm" component="section" aria-label={plain(`Column ${field.name}`)}>
      <Group gap="xs" mb="xs">
        <Text component="h3" fw={600} m={0}><Plain>{field.name}</Plain></Text>
        {type && <Text size="xs" c="dimmed"><Plain>{type}</Plain></Text>}
        <Badge variant="default" tt="none" fw={500}><Plain>{`${field.policy}: ${field.outcome}`}</Plain></Badge>
      </Group>
      <div className={classes.sides}>
        <Side name="Before" note="what the device had seen" value={sides.base} />
        <Side name="Server" note="stored when it wrote" value={sides.server} taken={pick === "server"} />
        <Side name="Device" note="what it wrote" value={sides.client} taken={pick === "client"} />
        {!left && <Side name="Decided" note="what was stored then" value={sides.decided} />}
        <Side name="Stored today" note={changed ? "written since" : left ? "as it was" : "as decided"} value={sides.current} />
      </div>
      {choose && <Choosing field={field} type={type} sides={sides} pick={pick} set={choose.set} />}
    </Card>
  );
}

function Side({ name, note, value, taken }: { name: string; note: string; value: string | undefined; taken?: boolean }): ReactNode {
  return (
    <div className={classes.side}>
      <Text size="xs" fw={600}>{name} <Text span size="xs" c="dimmed" fw={400}>{note}</Text></Text>
      {/* Long values scroll, so they must be reachable by keyboard. */}
      <pre className={taken ? `${classes.value} ${classes.taken}` : classes.value} tabIndex={value && value.length > 200 ? 0 : undefined}>
        {value === undefined ? <Text span size="sm" c="dimmed">nothing</Text> : <Plain>{indented(value)}</Plain>}
      </pre>
    </div>
  );
}

function Choosing({ field, type, sides, pick, set }: Required<Pick2> & { pick: Pick | undefined; set: (pick: Pick) => void }): ReactNode {
  const edit = typeof pick === "object" ? pick.edit : undefined;
  const wrong = edit === undefined ? undefined : (mistake(edit) ?? unlike(type, edit));
  return (
    <>
      <Radio.Group mt="sm" label={plain(`What ${field.name} is to be`)} labelProps={{ size: "xs" }} value={typeof pick === "object" ? "edit" : (pick ?? "")}
        onChange={(v) => { set(v === "edit" ? { edit: indented(sides.client ?? sides.current ?? "null") } : (v as Pick)); }}>
        <Group gap="md" mt={4}>
          <Radio size="sm" value="server" label="The server's" />
          <Radio size="sm" value="client" label="The device's" />
          <Radio size="sm" value="edit" label="Another value" />
        </Group>
      </Radio.Group>
      {edit !== undefined && (
        <Textarea mt="xs" className={classes.mono} label={plain(`Another value for ${field.name}`)} description={`As a device sends it, in JSON: ${formOf(type)}. It is sent as it stands here.`}
          value={edit} error={wrong} autosize minRows={1} maxRows={12} spellCheck={false} onChange={(e) => { set({ edit: e.currentTarget.value }); }} />
      )}
    </>
  );
}

type Pick2 = { field: Props["field"]; type: string | undefined; sides: Sides };
