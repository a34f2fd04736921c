import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import classes from "./Chart.module.css";
import { plain } from "./plain";
import { sampled } from "./sample";

/** A line of a chart: one value for each time; null is a gap. */
export interface Line {
  label: string;
  values: (number | null)[];
}

interface Props {
  /** What the chart shows, for screen readers and as the caption of its table. */
  label: string;
  /** Unix seconds. */
  times: number[];
  lines: Line[];
  /** How a value is written, also on the axis. */
  format: (value: number) => string;
  height?: number;
}

// Colours and dashes together: lines are told apart without colour, too.
const light = ["#3d48b8", "#b3541e", "#1f7a4d", "#8a2be2", "#a61e4d", "#5c636a", "#0b7285", "#846204"];
const dark = ["#8e97e4", "#ff9f6b", "#6bd6a0", "#c9a0ff", "#ff8fb1", "#a6abb2", "#66d9e8", "#ffd43b"];
const dashes: (number[] | undefined)[] = [undefined, [6, 4], [2, 3], [10, 3, 2, 3], undefined, [6, 4], [2, 3], [10, 3, 2, 3]];

/** A line chart with its legend, and the same as a table for those who do not see it. */
export function Chart({ label, times, lines, format, height = 220 }: Props): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    const at = frame.current;
    if (!at || times.length === 0) return;
    const colors = scheme === "dark" ? dark : light;
    const ink = scheme === "dark" ? "#c9c9c9" : "#495057";
    const grid = { stroke: scheme === "dark" ? "#3b3b3b" : "#e3e6e9", width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const plot = new uPlot(
      {
        width: Math.max(200, at.clientWidth), height,
        series: [
          {},
          ...lines.map((l, n) => ({
            label: plain(l.label), stroke: colors[n % colors.length], dash: dashes[n % dashes.length], width: 1.6, spanGaps: false,
            points: { show: times.length < 3 || l.values.some((v) => v === null), size: 5 }, value: (_: uPlot, v: number | null) => (v === null ? "–" : format(v)),
          })),
        ],
        axes: [axis, { ...axis, size: 64, values: (_: uPlot, ticks: number[]) => ticks.map(format) }],
        scales: { y: { range: (_: uPlot, _min: number, max: number) => [0, max > 0 ? max * 1.05 : 1] } },
        cursor: { y: false },
      },
      [times, ...lines.map((l) => l.values)], at,
    );
    plot.root.setAttribute("aria-hidden", "true");
    const watch = new ResizeObserver(() => { plot.setSize({ width: Math.max(200, at.clientWidth), height }); });
    watch.observe(at);
    return () => { watch.disconnect(); plot.destroy(); };
  }, [times, lines, format, height, scheme]);
  return (
    <div className={classes.frame}>
      <div ref={frame} />
      <Told label={label} times={times} lines={lines} format={format} />
    </div>
  );
}

/** The chart as a table, out of sight. Long ones are thinned: nobody listens to 700 rows. */
function Told({ label, times, lines, format }: Omit<Props, "height">): ReactNode {
  return (
    <table className={classes.hidden}>
      <caption>{label}</caption>
      <thead><tr><th scope="col">Time</th>{lines.map((l) => <th scope="col" key={l.label}>{plain(l.label)}</th>)}</tr></thead>
      <tbody>
        {sampled(times.length, 24).map((i) => (
          <tr key={times[i]}>
            <th scope="row">{new Date((times[i] ?? 0) * 1000).toLocaleString()}</th>
            {lines.map((l) => <td key={l.label}>{l.values[i] == null ? "nothing" : format(l.values[i])}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A line without axes beside a figure that says the same in words. */
export function Spark({ values, label }: { values: (number | null)[]; label: string }): ReactNode {
  const most = Math.max(1, ...values.map((v) => v ?? 0));
  const step = values.length > 1 ? 100 / (values.length - 1) : 100;
  const points = values.map((v, i) => `${(i * step).toFixed(2)},${(30 - ((v ?? 0) / most) * 28).toFixed(2)}`).join(" ");
  return (
    <svg className={classes.spark} viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={points} fill="none" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
