// The map engine, loaded only by browsers that can draw it. Its worker is served as a file of our own (`?worker&url`), because
// the policy of the page forbids workers from blobs.
import { type GeoJSONSource, type LayerSpecification, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type SourceSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import worldUrl from "../../generated/world.geojson?url";
import { ROOT } from "../../api/client";
import type { Basemap, Corridors, Places } from "../../api/types";
import type { Language } from "../i18n/fill";
import { fontOf, over, written } from "./basemap";
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
  /** The base map did not come. */
  onFailed(): void;
}

/** How the map is dressed. */
export interface Dress {
  palette: Palette;
  language: Language;
}

export class Engine {
  readonly #map: MapLibre;
  readonly #listener: EngineListener;
  readonly #basemap: Basemap;
  /** The font of a style that is not ours. */
  #font: string[] | null = null;
  /** For pages where places and corridors are drawn. */
  readonly draftsman: Draftsman;

  constructor(container: HTMLElement, basemap: Basemap, dress: Dress, listener: EngineListener) {
    this.#listener = listener;
    this.#basemap = basemap;
    this.#map = new MapLibre({
      container,
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
    this.#dress(dress);
    this.#map.once("load", () => listener.onReady());
    this.#map.on("error", (event) => {
      console.error("map:", event.error);
      if (!this.#map.getStyle()) listener.onFailed();
    });
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
  restyle(dress: Dress): void {
    this.#marks(dress.palette);
    for (const layer of this.#layers(dress)) {
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

  #layers({ palette, language }: Dress): LayerSpecification[] {
    return written(layersOf(palette, language, this.#basemap.kind !== "style"), this.#font);
  }

  #dress(dress: Dress): void {
    const { kind, style } = this.#basemap;
    this.#map.once("style.load", () => this.#marks(dress.palette));
    if (kind !== "style" || style == null) {
      const world = kind === "outlines" ? `${ROOT}/basemap/outlines` : worldUrl;
      this.#map.setStyle({ version: 8, sources: { world: outlines(world), ...sources() }, layers: this.#layers(dress) });
      return;
    }
    this.#map.setStyle(style, {
      transformStyle: (_, theirs) => {
        this.#font = fontOf(theirs);
        return over(theirs, sources(), this.#layers(dress));
      },
    });
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

function outlines(url: string): SourceSpecification {
  return { type: "geojson", data: new URL(url, location.href).href, tolerance: 0.2 };
}

function sources(): Record<string, SourceSpecification> {
  const empty = { type: "geojson" as const, data: NOTHING };
  return {
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
