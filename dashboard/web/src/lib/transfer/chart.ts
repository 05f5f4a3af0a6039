// The charts of a transfer, loaded only by the page that shows them.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Time } from "../../api/types";
import type { Curves } from "./replay";

const HEIGHT = 84;
const UNITS = ["%", "km/h", "°C"] as const;
const COLOURS = ["--live", "--accent", "--amber-ink"] as const;

export interface Scene {
  from: Time;
  to: Time;
  labels: readonly string[];
  tag: string;
}

export class ChartDesk {
  readonly #host: HTMLElement;
  readonly #ontime: (time: Time) => void;
  #charts: uPlot[] = [];
  #time: Time = 0;

  constructor(host: HTMLElement, ontime: (time: Time) => void) {
    this.#host = host;
    this.#ontime = ontime;
  }

  show(curves: Curves, scene: Scene): void {
    this.remove();
    const shown = UNITS.map((_, i) => i).filter((i) => i === 0 || curves[i + 1]?.some((value) => value !== null));
    this.#charts = shown.map((i) => new uPlot(this.#options(scene, i, i === shown.at(-1)), [curves[0], curves[i + 1] as (number | null)[]], this.#host));
    this.mark(this.#time);
  }

  /** The line of the slider, on all charts. */
  mark(time: Time): void {
    this.#time = time;
    for (const chart of this.#charts) chart.redraw(false);
  }

  resize(): void {
    for (const chart of this.#charts) chart.setSize({ width: this.#width(), height: chart.height });
  }

  remove(): void {
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
  }

  #width(): number {
    return Math.max(200, this.#host.clientWidth - 16);
  }

  #options(scene: Scene, i: number, last: boolean): uPlot.Options {
    const [ink, line, stroke] = ["--ink-soft", "--line", COLOURS[i] ?? "--accent"].map((name) => getComputedStyle(this.#host).getPropertyValue(name).trim());
    const axis = { stroke: ink ?? "", grid: { stroke: line ?? "", width: 1 }, ticks: { stroke: line ?? "", width: 1, size: 4 }, font: "11px system-ui" };
    return {
      width: this.#width(),
      height: last ? HEIGHT + 24 : HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "transfer" } },
      scales: { x: { time: true, range: [scene.from / 1000, scene.to / 1000] }, y: { range: i === 0 ? [0, 100] : around } },
      axes: [
        { ...axis, show: last, size: 24, values: (_, ticks) => ticks.map((tick) => shortTime(scene, tick * 1000)) },
        { ...axis, size: 62, space: 26, values: (_, ticks) => ticks.map((tick) => `${tick} ${UNITS[i] ?? ""}`) },
      ],
      series: [{}, { label: scene.labels[i] ?? "", stroke: stroke ?? "", width: 1.5, spanGaps: false, points: { show: false } }],
      hooks: {
        draw: [(chart) => this.#drawMark(chart, ink ?? "", scene.labels[i] ?? "")],
        ready: [(chart) => this.#follow(chart)],
      },
    };
  }

  #drawMark(chart: uPlot, ink: string, label: string): void {
    const { ctx, bbox } = chart;
    const x = chart.valToPos(this.#time / 1000, "x", true);
    ctx.save();
    ctx.fillStyle = ink;
    ctx.font = `${11 * devicePixelRatio}px system-ui`;
    ctx.textAlign = "left";
    ctx.fillText(label, bbox.left + 6, bbox.top + 12 * devicePixelRatio);
    const [wide, end] = [Math.max(1, devicePixelRatio), bbox.left + bbox.width];
    // The newest moment is at the very edge, behind which nothing is painted.
    if (x >= bbox.left && x <= end) ctx.fillRect(Math.min(x, end - wide), bbox.top, wide, bbox.height);
    ctx.restore();
  }

  /** A click goes to its time. */
  #follow(chart: uPlot): void {
    chart.over.addEventListener("click", () => {
      const left = chart.cursor.left ?? -1;
      if (left >= 0) this.#ontime(chart.posToVal(left, "x") * 1000);
    });
  }
}

/** Room above and below, also around a line that stays level or has no value. */
function around(_: uPlot, low: number | null, high: number | null): [number, number] {
  if (low == null || high == null) return [0, 1];
  const room = Math.max((high - low) * 0.1, 1);
  return [Math.floor(low - (low === 0 ? 0 : room)), Math.ceil(high + room)];
}

function shortTime({ from, to, tag }: Scene, at: Time): string {
  const days = to - from > 36 * 3_600_000;
  return new Intl.DateTimeFormat(tag, days ? { month: "short", day: "numeric", hour: "2-digit" } : { hour: "2-digit", minute: "2-digit" }).format(at);
}
