import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, type ReactNode, type UIEvent } from "react";
import { to } from "../../../paths";
import { Link } from "../../../shell/Link";
import { Plain } from "../../../ui/Plain";
import type { LogRow, LogRows } from "./groups";
import classes from "./Log.module.css";
import { took } from "./numbers";
import { outcomes, summaryOf } from "./words";

interface Props {
  instance: string;
  rows: LogRows;
  picked: string;
  pick: (id: string) => void;
  /** Stay at the newest line as lines arrive. */
  follow: boolean;
}

const height = 30;

/** The lines of a log, oldest on top. Only those in sight are drawn, so that 50,000 scroll. */
export function LogList({ instance, rows, picked, pick, follow }: Props): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const bottom = useRef(true);
  const last = useRef(0);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are used in this render alone
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => height, paddingStart: height, overscan: 12 });
  // In the commit that draws the lines, so that no frame shows the place before; and by the element itself, whose
  // height is ours: the virtualizer knows of new lines a render later, corrects its own scrolling in the frames
  // after, and would pull back whoever scrolls away meanwhile.
  useLayoutEffect(() => {
    if (follow && bottom.current && rows.length > 0 && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [follow, rows]);
  // Only who scrolls upwards leaves the end: lines may have come between our scrolling and its event, which then
  // finds itself far from an end that is further down by now.
  const scrolled = (e: UIEvent<HTMLDivElement>) => {
    const at = e.currentTarget;
    if (at.scrollHeight - at.scrollTop - at.clientHeight < 2 * height) bottom.current = true;
    else if (at.scrollTop < last.current) bottom.current = false;
    last.current = at.scrollTop;
  };
  return (
    <div ref={frame} className={classes.scroll} role="region" aria-label="Log lines" tabIndex={0} onScroll={scrolled}>
      <div role="table" aria-label="Log" aria-rowcount={rows.length + 1} className={classes.all} style={{ height: height * (rows.length + 1) }}>
        <Head />
        {virtual.getVirtualItems().map((v) => {
          const row = rows.at(v.index);
          return row && <Row key={row.line.id} instance={instance} row={row} index={v.index} top={v.start} picked={picked === row.line.id} pick={pick} />;
        })}
      </div>
    </div>
  );
}

/** Stays on top while lines scroll below it. */
function Head(): ReactNode {
  return (
    <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.head}`}>
      {["Time", "Kind", "Outcome", "What", "Took", "Write"].map((h) => <span key={h} role="columnheader" className={classes.cell}>{h}</span>)}
    </div>
  );
}

function Row({ instance, row, index, top, picked, pick }: { instance: string; row: LogRow; index: number; top: number; picked: boolean; pick: (id: string) => void }): ReactNode {
  const l = row.line;
  const look = [classes.row, classes[l.level] ?? classes.info, picked ? classes.picked : "", row.inner ? classes.inner : ""].join(" ");
  const at = new Date(l.at);
  return (
    <div role="row" aria-rowindex={index + 2} className={look} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className={classes.cell}><time dateTime={l.at} title={at.toLocaleString()}>{at.toLocaleTimeString([], { hour12: false })}.{String(at.getMilliseconds()).padStart(3, "0")}</time></span>
      <span role="cell" className={classes.cell}>{l.kind}</span>
      <span role="cell" className={classes.cell}>{outcomes[l.outcome] ?? l.outcome}</span>
      <span role="cell" className={classes.cell}>
        <button type="button" className={classes.open} aria-expanded={picked} onClick={() => { pick(picked ? "" : l.id); }}>
          <Plain>{summaryOf(l)}</Plain>{row.group > 1 && ` (${row.group} lines)`}
        </button>
      </span>
      <span role="cell" className={classes.cell}>{l.duration_us ? took(l.duration_us) : ""}</span>
      <span role="cell" className={classes.cell}>{l.request_id && <Link href={to.trace(instance, l.request_id)} size="xs">Follow</Link>}</span>
    </div>
  );
}
