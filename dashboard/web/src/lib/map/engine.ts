// The map engine, loaded only by browsers that can draw it. Its worker is served as a file of our own (`?worker&url`), because
// the policy of the page forbids workers from blobs.
import { type GeoJSONSource, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import worldUrl from "../../generated/world.geojson?url";
import type { Corridors, Places } from "../../api/types";
import type { Language } from "../i18n/fill";
import { Draftsman } from "./draw";
import { placePoints, type Lines, type SealFeatures } from "./features";
import { CLICKABLE, layersOf } from "./layers";
import { drawMark, MARK_RATIO, MARKS } from "./marks";
import { type Palette } from "./palette";

setWorkerUrl(new URL(workerUrl, location.href).href);

const NOTHING: Lines = { type: "FeatureCollection", features: [] };
/** Near enough to tell a seal from its neighbours, far enough to see its corridor on a coarse coast. */
const CLOSE = 6;
/** China and its neighbours along the corridors, when there are no corridors to fit. */
const HOME: [number, number, number, number] = [73, 17, 136, 54];

export interface EngineListener {
  onSeal(seal: string): void;
  onReady(): void;
}

export class Engine {
  readonly #map: MapLibre;
  readonly #listener: EngineListener;
  /** For pages where places and corridors are drawn. */
  readonly draftsman: Draftsman;

  constructor(container: HTMLElement, palette: Palette, language: Language, listener: EngineListener) {
    this.#listener = listener;
    this.#map = new MapLibre({
      container,
      style: { version: 8, sources: sources(), layers: layersOf(palette, language) },
      bounds: HOME,
      fitBoundsOptions: { padding: 24 },
      attributionControl: false,
      // A mark that fades shows a cluster that is no more.
      fadeDuration: 0,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 16,
      minZoom: 1,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.#map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
    this.#marks(palette);
    this.#map.once("load", () => listener.onReady());
    this.#map.on("error", (event) => console.error("map:", event.error));
    this.#clicks();
    this.draftsman = new Draftsman(this.#map);
  }

  remove(): void {
    this.#map.remove();
  }

  resize(): void {
    this.#map.resize();
  }

  /** Colours and words anew, in place: the view and the sources stay. */
  restyle(palette: Palette, language: Language): void {
    this.#marks(palette);
    for (const layer of layersOf(palette, language)) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.#map.setPaintProperty(layer.id, name as never, value as never);
      for (const [name, value] of Object.entries(layer.layout ?? {})) this.#map.setLayoutProperty(layer.id, name as never, value as never);
    }
  }

  /** The accessible name and the controls' titles follow the language. */
  label(text: string): void {
    this.#map.getCanvas().setAttribute("aria-label", text);
  }

  showPlaces(places: Places, corridors: Corridors): void {
    const points = placePoints(places);
    for (const feature of points.features) {
      const properties = feature.properties ?? {};
      properties["short_zh"] = String(properties["name_zh"]).replace(/（.*$/, "");
      properties["short_en"] = String(properties["name_en"]).replace(/ \(.*$/, "");
    }
    this.#source("places").setData(places);
    this.#source("place-points").setData(points);
    this.#source("corridors").setData(corridors);
  }

  showSeals(seals: SealFeatures): void {
    this.#source("seals").setData(seals);
  }

  showTrail(trail: Lines | null): void {
    this.#source("trail").setData(trail ?? NOTHING);
  }

  showChosen(at: [number, number] | null): void {
    const point: Lines = {
      type: "FeatureCollection",
      features: at ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }] : [],
    };
    this.#source("chosen").setData(point);
  }

  /** Where a seal was, as its mark and a ring around it. */
  showMoment(at: [number, number] | null): void {
    const mark: SealFeatures["features"] = at
      ? [{ type: "Feature", properties: { id: "", rank: 0, silent: false, signed: true }, geometry: { type: "Point", coordinates: at } }]
      : [];
    this.showSeals({ type: "FeatureCollection", features: mark });
    this.showChosen(at);
  }

  fit(bounds: [number, number, number, number] | null): void {
    // The attribution stands at the foot of the map.
    const padding = { top: 30, right: 46, bottom: 56, left: 30 };
    this.#map.fitBounds(bounds ?? HOME, { padding, animate: false });
  }

  flyTo(at: [number, number]): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#map.easeTo({ center: at, zoom: Math.max(this.#map.getZoom(), CLOSE), duration: still ? 0 : 700 });
  }

  #source(id: string): GeoJSONSource {
    return this.#map.getSource(id) as GeoJSONSource;
  }

  #marks(palette: Palette): void {
    for (const mark of MARKS) {
      const image = drawMark(mark, palette);
      if (!image) continue;
      if (this.#map.hasImage(mark)) this.#map.updateImage(mark, image);
      else this.#map.addImage(mark, image, { pixelRatio: MARK_RATIO });
    }
  }

  #clicks(): void {
    const map = this.#map;
    map.on("click", async (event) => {
      // A finger is wider than a mark.
      const { x, y } = event.point;
      const hit = map.queryRenderedFeatures([[x - 6, y - 6], [x + 6, y + 6]], { layers: [...CLICKABLE] })[0];
      if (!hit || hit.geometry.type !== "Point") return;
      if (hit.layer.id === "seals") {
        this.#listener.onSeal(String(hit.properties["id"]));
        return;
      }
      const zoom = await this.#source("seals").getClusterExpansionZoom(Number(hit.properties["cluster_id"]));
      map.easeTo({ center: hit.geometry.coordinates as [number, number], zoom: zoom + 0.2 });
    });
    for (const layer of CLICKABLE) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
  }
}

function sources(): Record<string, import("maplibre-gl").SourceSpecification> {
  const empty = { type: "geojson" as const, data: NOTHING };
  return {
    world: { type: "geojson", data: new URL(worldUrl, location.href).href, tolerance: 0.2 },
    corridors: empty,
    places: empty,
    "place-points": empty,
    trail: empty,
    draft: empty,
    chosen: empty,
    seals: {
      type: "geojson",
      data: NOTHING,
      cluster: true,
      clusterRadius: 34,
      clusterMaxZoom: 12,
      clusterProperties: { worst: ["max", ["get", "rank"]] },
    },
  };
}
