// A small chart of days, loaded only by the page that shows it.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Lines } from "./days";

const HEIGHT = 150;
const DAY_S = 86_400;

export interface Look {
  unit: string;
  /** The top of the scale where the values do not go higher. */
  top: number;
  /** A value that is aimed at. */
  target: number | null;
  names: readonly string[];
  tag: string;
}

export class DayChart {
  readonly #host: HTMLElement;
  #chart: uPlot | null = null;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  show({ days, lines }: Lines, look: Look): void {
    this.remove();
    const values = lines.map((line) => [...line.values]);
    this.#chart = new uPlot(this.#options(days, look), [[...days], ...values], this.#host);
  }

  resize(): void {
    this.#chart?.setSize({ width: this.#width(), height: HEIGHT });
  }

  remove(): void {
    this.#chart?.destroy();
    this.#chart = null;
  }

  #width(): number {
    return Math.max(180, this.#host.clientWidth - 8);
  }

  #options(days: readonly number[], look: Look): uPlot.Options {
    const colour = (name: string): string => getComputedStyle(this.#host).getPropertyValue(name).trim();
    const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const first = days[0] ?? 0;
    const last = days.at(-1) ?? first;
    const label = new Intl.DateTimeFormat(look.tag, { month: "short", day: "numeric", timeZone: "UTC" });
    return {
      width: this.#width(),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: [first - DAY_S / 2, last + DAY_S / 2] },
        y: { range: (_, __, high) => [0, Math.max(look.top, Math.ceil((high ?? 0) * 1.05))] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 24, space: 56, splits: () => ticksOf(days), values: (_, ticks) => ticks.map((tick) => label.format(tick * 1000)) },
        { ...axis, size: 62, space: 34, values: (_, ticks) => ticks.map((tick) => `${tick} ${look.unit}`) },
      ],
      series: [
        {},
        ...look.names.map((name) => ({ label: name, stroke: colour("--accent"), width: 1.6, spanGaps: true, points: { show: true, size: 6, fill: colour("--accent") } })),
      ],
      hooks: { draw: [(chart) => drawTarget(chart, look.target, colour("--live"))] },
    };
  }
}

/** At most six days are named. */
function ticksOf(days: readonly number[]): number[] {
  const step = Math.ceil(days.length / 6);
  return days.filter((_, i) => (days.length - 1 - i) % step === 0);
}

function drawTarget(chart: uPlot, target: number | null, stroke: string): void {
  if (target === null) return;
  const { ctx, bbox } = chart;
  const y = chart.valToPos(target, "y", true);
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
