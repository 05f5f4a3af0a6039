// The map without WebGL: the same things in the same colours, drawn by the page itself.
import { mount, unmount, untrack } from "svelte";
import worldUrl from "../../generated/world.geojson?url";
import { ROOT } from "../../api/client";
import type { Basemap, Corridors, Places } from "../../api/types";
import { type Camera, fitted, mercator, moved, scaleOf, type Size, zoomed } from "./camera";
import type { Drawing } from "./draw";
import { CLOSE, type Dress, type Engine, type EngineListener, HOME, PADDING } from "./engine";
import type { Bounds, Lines, SealFeatures } from "./features";
import { type Ground, groundOf } from "./paths";
import StillMap from "./StillMap.svelte";

const NOTHING: Lines = { type: "FeatureCollection", features: [] };

export class StillEngine implements Engine {
  readonly still = true;
  dress = $state.raw() as Dress;
  name = $state("");
  ground = $state.raw<Ground | null>(null);
  places = $state.raw<Places>({ type: "FeatureCollection", features: [] });
  corridors = $state.raw<Corridors>({ type: "FeatureCollection", features: [] });
  seals = $state.raw<SealFeatures>({ type: "FeatureCollection", features: [] });
  trail = $state.raw<Lines>(NOTHING);
  draft = $state.raw<Lines>(NOTHING);
  chosen = $state.raw<[number, number] | null>(null);
  size = $state.raw<Size>({ width: 0, height: 0 });
  camera = $state.raw<Camera>({ x: 0.5, y: 0.5, scale: scaleOf(1) });

  readonly #host: HTMLElement;
  readonly #page: Record<string, unknown>;
  /** Where to look, until a hand moves the map: it may have no room yet. */
  #aim: (() => Camera) | null = null;

  constructor(host: HTMLElement, basemap: Basemap, dress: Dress, listener: EngineListener) {
    this.#host = host;
    this.dress = dress;
    this.resize();
    this.fit(null);
    this.#page = mount(StillMap, { target: host, props: { map: this, onseal: (seal: string) => listener.onSeal(seal) } });
    // A style of an authority is for WebGL; borders that it did not approve are not shown in its place.
    if (basemap.kind !== "style") void this.#outlines(basemap.kind === "outlines" ? `${ROOT}/basemap/outlines` : worldUrl);
    queueMicrotask(() => listener.onReady());
  }

  remove(): void {
    void unmount(this.#page);
  }

  resize(): void {
    this.size = { width: this.#host.clientWidth, height: this.#host.clientHeight };
    if (this.#aim) this.camera = this.#aim();
  }

  restyle(dress: Dress): void {
    this.dress = dress;
  }

  label(text: string): void {
    this.name = text;
  }

  showPlaces(places: Places, corridors: Corridors): void {
    this.places = places;
    this.corridors = corridors;
  }

  showSeals(seals: SealFeatures): void {
    this.seals = seals;
  }

  showTrail(trail: Lines | null): void {
    this.trail = trail ?? NOTHING;
  }

  showChosen(at: [number, number] | null): void {
    this.chosen = at;
  }

  showDraft(features: Lines): void {
    this.draft = features;
  }

  /** Points are drawn by a hand on the other map; here they are written into the table. */
  draw(_drawing: Drawing | null): void {}

  fit(bounds: Bounds | null): void {
    this.#look(() => fitted(bounds ?? HOME, this.size, PADDING));
  }

  flyTo(at: [number, number]): void {
    const [x, y] = mercator(at);
    const scale = Math.max(untrack(() => this.camera.scale), scaleOf(CLOSE));
    this.#look(() => ({ x, y, scale }));
  }

  /** By a hand. */
  move(right: number, down: number): void {
    this.#aim = null;
    this.camera = moved(this.camera, right, down);
  }

  zoom(by: number): void {
    this.#aim = null;
    this.camera = zoomed(this.camera, by);
  }

  #look(aim: () => Camera): void {
    this.#aim = aim;
    // Who tells the map where to look does not follow where it looks.
    this.camera = untrack(aim);
  }

  async #outlines(url: string): Promise<void> {
    try {
      this.ground = groundOf((await (await fetch(url)).json()) as GeoJSON.FeatureCollection);
    } catch (cause) {
      console.error("map:", cause);
    }
  }
}
