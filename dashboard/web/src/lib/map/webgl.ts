// The map drawn with WebGL, loaded only by browsers that have it. The engine's worker is served as a file of our own (`?worker&url`), because
// the policy of the page forbids workers from blobs.
import { type GeoJSONSource, type LayerSpecification, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type SourceSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import worldUrl from "../../generated/world.geojson?url";
import { ROOT } from "../../api/client";
import type { Basemap, Corridors, Places } from "../../api/types";
import { fontOf, over, written } from "./basemap";
import { Draftsman, type Drawing } from "./draw";
import { CLOSE, type Dress, type Engine, type EngineListener, HOME, PADDING } from "./engine";
import { type Bounds, namedPoints, type Lines, type SealFeatures } from "./features";
import { CLICKABLE, layersOf } from "./layers";
import { drawMark, MARK_RATIO, MARKS } from "./marks";
import type { Palette } from "./palette";
import { drawing } from "./support";

setWorkerUrl(new URL(workerUrl, location.href).href);

const NOTHING: Lines = { type: "FeatureCollection", features: [] };
export class WebglEngine implements Engine {
  readonly still = false;
  readonly #map: MapLibre;
  readonly #listener: EngineListener;
  readonly #basemap: Basemap;
  /** A flight is dozens of frames: where the processor draws them, the map jumps. */
  readonly #jumps = drawing() === "software" || matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** The font of a style that is not ours. */
  #font: string[] | null = null;
  readonly #draftsman: Draftsman;

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
      ...(drawing() === "software" ? { pixelRatio: 1 } : {}),
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
    this.#draftsman = new Draftsman(this.#map);
  }

  remove(): void {
    this.#map.remove();
  }

  resize(): void {
    this.#map.resize();
  }

  restyle(dress: Dress): void {
    this.#marks(dress.palette);
    for (const layer of this.#layers(dress)) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.#map.setPaintProperty(layer.id, name as never, value as never);
      for (const [name, value] of Object.entries(layer.layout ?? {})) this.#map.setLayoutProperty(layer.id, name as never, value as never);
    }
  }

  label(text: string): void {
    this.#map.getCanvas().setAttribute("aria-label", text);
  }

  showPlaces(places: Places, corridors: Corridors): void {
    this.#source("places").setData(places);
    this.#source("place-points").setData(namedPoints(places));
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

  showDraft(features: Lines): void {
    this.#draftsman.show(features);
  }

  draw(drawing: Drawing | null): void {
    this.#draftsman.draw(drawing);
  }

  fit(bounds: Bounds | null): void {
    this.#map.fitBounds(bounds ?? HOME, { padding: PADDING, animate: false });
  }

  flyTo(at: [number, number]): void {
    this.#go({ center: at, zoom: Math.max(this.#map.getZoom(), CLOSE), duration: 700 });
  }

  #go(where: { center: [number, number]; zoom: number; duration?: number }): void {
    if (this.#jumps) this.#map.jumpTo(where);
    else this.#map.easeTo(where);
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
      this.#go({ center: hit.geometry.coordinates as [number, number], zoom: zoom + 0.2 });
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
