// Drawing on the map: a click puts a point, a drag moves one, a right click takes one away.
import type { GeoJSONSource, Map as MapLibre, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import type { Lines } from "./features";

type Point = [number, number];

export interface Drawing {
  onAdd(at: Point): void;
  onMove(index: number, at: Point): void;
  onRemove(index: number): void;
}

const HANDLES = "draft-point";

/** The features of what is drawn. */
export function draftFeatures(shape: "line" | "area", points: readonly Point[]): Lines {
  const edge = shape === "area" && points[0] ? [...points, points[0]] : points;
  const line: Lines["features"] =
    edge.length < 2 ? [] : [{ type: "Feature", properties: { index: -1 }, geometry: { type: "LineString", coordinates: edge.map((point) => [...point]) } }];
  const handles: Lines["features"] = points.map((point, index) => ({
    type: "Feature",
    properties: { index, end: shape === "line" && (index === 0 || index === points.length - 1) },
    geometry: { type: "Point", coordinates: [...point] },
  }));
  return { type: "FeatureCollection", features: [...line, ...handles] };
}

export class Draftsman {
  readonly #map: MapLibre;
  #drawing: Drawing | null = null;
  #held: number | null = null;
  /** A short drag ends with a click, which is none; a long one ends without. */
  #dragged = false;

  constructor(map: MapLibre) {
    this.#map = map;
    for (const press of ["mousedown", "touchstart"] as const) map.on(press, () => (this.#dragged = false));
    map.on("mousedown", HANDLES, (event) => this.#take(event));
    map.on("touchstart", HANDLES, (event) => this.#take(event));
    map.on("mousemove", (event) => this.#drag(event));
    map.on("touchmove", (event) => this.#drag(event));
    map.on("mouseup", () => this.#let());
    map.on("touchend", () => this.#let());
    map.on("click", (event) => this.#click(event));
    map.on("contextmenu", HANDLES, (event) => {
      const index = event.features?.[0]?.properties["index"];
      if (typeof index === "number") this.#drawing?.onRemove(index);
    });
    map.on("mouseenter", HANDLES, () => (map.getCanvas().style.cursor = "move"));
    map.on("mouseleave", HANDLES, () => (map.getCanvas().style.cursor = this.#drawing ? "crosshair" : ""));
  }

  /** Starts, or ends with nothing. */
  draw(drawing: Drawing | null): void {
    this.#drawing = drawing;
    this.#map.getCanvas().style.cursor = drawing ? "crosshair" : "";
  }

  show(features: Lines): void {
    (this.#map.getSource("draft") as GeoJSONSource).setData(features);
  }

  #take(event: (MapMouseEvent | MapTouchEvent) & { features?: { properties: Record<string, unknown> }[] }): void {
    const index = event.features?.[0]?.properties["index"];
    if (!this.#drawing || typeof index !== "number") return;
    if ("button" in event.originalEvent && event.originalEvent.button !== 0) return;
    event.preventDefault();
    this.#held = index;
  }

  #drag(event: MapMouseEvent | MapTouchEvent): void {
    if (this.#held === null) return;
    this.#dragged = true;
    this.#drawing?.onMove(this.#held, [event.lngLat.lng, event.lngLat.lat]);
  }

  #let(): void {
    this.#held = null;
  }

  #click(event: MapMouseEvent): void {
    const dragged = this.#dragged;
    this.#dragged = false;
    if (dragged || !this.#drawing) return;
    const onHandle = this.#map.queryRenderedFeatures(event.point, { layers: [HANDLES] }).length > 0;
    if (!onHandle) this.#drawing.onAdd([event.lngLat.lng, event.lngLat.lat]);
  }
}
