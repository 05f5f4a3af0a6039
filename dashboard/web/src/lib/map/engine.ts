// What draws a map: with WebGL, or still where the browser has none.
import type { Corridors, Places } from "../../api/types";
import type { Language } from "../i18n/fill";
import type { Drawing } from "./draw";
import type { Bounds, Lines, SealFeatures } from "./features";
import type { Palette } from "./palette";

/** China and its neighbours along the corridors, when there are no corridors to fit. */
export const HOME: Bounds = [73, 17, 136, 54];
/** Near enough to tell a seal from its neighbours, far enough to see its corridor on a coarse coast. */
export const CLOSE = 6;
/** What stands on the map's edges: the controls at the right, the attribution at the foot. */
export const PADDING = { top: 30, right: 46, bottom: 56, left: 30 };

/** How the map is dressed. */
export interface Dress {
  palette: Palette;
  language: Language;
}

export interface EngineListener {
  onSeal(seal: string): void;
  onReady(): void;
  /** The base map did not come. */
  onFailed(): void;
}

export interface Engine {
  /** Whether it is drawn without WebGL. */
  readonly still: boolean;
  remove(): void;
  resize(): void;
  /** Colours and words anew, in place: the view and what is shown stay. */
  restyle(dress: Dress): void;
  /** The accessible name and the controls' titles follow the language. */
  label(text: string): void;
  showPlaces(places: Places, corridors: Corridors): void;
  showSeals(seals: SealFeatures): void;
  showTrail(trail: Lines | null): void;
  showChosen(at: [number, number] | null): void;
  /** What is being drawn. */
  showDraft(features: Lines): void;
  /** Starts drawing, or ends it with nothing. */
  draw(drawing: Drawing | null): void;
  fit(bounds: Bounds | null): void;
  flyTo(at: [number, number]): void;
}

/** Where a seal was, as its mark and a ring around it. */
export function showMoment(engine: Engine, at: [number, number] | null): void {
  const mark: SealFeatures["features"] = at
    ? [{ type: "Feature", properties: { id: "", rank: 0, silent: false, signed: true }, geometry: { type: "Point", coordinates: at } }]
    : [];
  engine.showSeals({ type: "FeatureCollection", features: mark });
  engine.showChosen(at);
}
