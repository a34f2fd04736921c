import { useDebouncedValue } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { body, client } from "../../api/client";
import { usePages } from "../../api/pages";
import { Listing } from "../../shell/Listing";
import { usePeople } from "../../shell/people";
import { Restricted } from "../../shell/Restricted";
import { useSearchState } from "../../shell/search";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { moment } from "./audit/diff";
import { EventRow } from "./audit/EventRow";
import { everything, Filters, type Filter } from "./audit/Filters";

/** Everything that was changed in the organization, and by whom. */
export default function AuditPage(): ReactNode {
  const { org = "" } = useParams({ strict: false }) as { org?: string };
  const lead = "Every change, by whom and from where. It is kept as a chain, so that a line that is altered or missing shows.";
  return <Page title="Audit log" lead={lead}><Restricted org={org} permission="audit:read" what="The audit log is"><Events org={org} /></Restricted></Page>;
}

function Events({ org }: { org: string }): ReactNode {
  const people = usePeople(org);
  const [{ event, ...filter }, set] = useSearchState({ ...everything, event: "" } as Filter & { event: string });
  const [calm] = useDebouncedValue(filter, 300);
  const query = { user_id: calm.who || undefined, kind: calm.kind || undefined, target: calm.target || undefined, since: moment(calm.since ?? ""), until: moment(calm.until ?? "") };
  const list = usePages(["audit", org, query], (cursor) => body(client.GET("/api/v1/orgs/{org}/audit-events", { params: { path: { org }, query: { ...query, cursor } } })));
  return (
    <>
      <Filters filter={filter as Filter} people={people} onChange={set} />
      <Listing list={list} label="Events" head={["When", "Who", "What", "Target", "Changed", ""]}
        empty={<Empty title="Nothing that fits">Take a filter away to see more.</Empty>}
        row={(e) => <EventRow key={e.id} event={e} people={people} open={event === e.id} toggle={() => { set({ event: event === e.id ? "" : e.id }); }} narrow={(target) => { set({ target }); }} />} />
    </>
  );
}
