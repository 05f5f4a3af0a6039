// The layers of the map, from sea to seals. Without a `glyphs` address the engine draws every letter with the fonts of the
// machine, Chinese and Latin alike, so no font is fetched.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Language } from "../i18n/fill";
import { TRAIL_STATES, type TrailState } from "./features";
import { type Palette, trailColour } from "./palette";

const FONT = ["Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "sans-serif"];
// The engine takes the weight from the first name alone; no font has this one.
const BOLD = ["Sealway Bold", ...FONT];

export const CLICKABLE = ["seals", "clusters"] as const;

/** All of the bundled map, or what lies over the map of an authority. */
export function layersOf(palette: Palette, language: Language, bundled: boolean): LayerSpecification[] {
  return [...(bundled ? base(palette) : []), ...corridors(palette), ...places(palette), ...drafts(palette), ...placeLabels(palette, language), ...seals(palette)];
}

function base(palette: Palette): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": palette.sea } },
    {
      id: "land",
      type: "fill",
      source: "world",
      filter: ["==", ["get", "kind"], "state"],
      paint: { "fill-color": ["case", ["get", "home"], palette.home, palette.land], "fill-antialias": false },
    },
    {
      id: "provinces",
      type: "line",
      source: "world",
      filter: ["==", ["get", "kind"], "province"],
      layout: { "line-join": "round" },
      paint: { "line-color": palette.province, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.4, 6, 1] },
    },
    {
      id: "borders",
      type: "line",
      source: "world",
      filter: ["==", ["get", "kind"], "state"],
      layout: { "line-join": "round" },
      paint: {
        "line-color": ["case", ["get", "home"], palette.coast, palette.border],
        "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 6, 1.2],
      },
    },
  ];
}

const DASHES: Readonly<Record<string, number[]>> = { rail: [3, 2], sea: [0.2, 2], air: [6, 3] };

function corridors(palette: Palette): LayerSpecification[] {
  const width: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 2, 1, 6, 2, 12, 3.5];
  const line = (mode: string): LayerSpecification => ({
    id: `corridor-${mode}`,
    type: "line",
    source: "corridors",
    filter: ["==", ["get", "mode"], mode],
    layout: { "line-join": "round", "line-cap": mode === "sea" ? "round" : "butt" },
    paint: {
      "line-color": mode === "rail" ? palette.casing : palette.corridor,
      "line-width": mode === "rail" ? ["interpolate", ["linear"], ["zoom"], 2, 0.8, 6, 1.6, 12, 2.4] : width,
      ...(DASHES[mode] ? { "line-dasharray": DASHES[mode] } : {}),
    },
  });
  const casing: LayerSpecification = {
    id: "corridor-rail-casing",
    type: "line",
    source: "corridors",
    filter: ["==", ["get", "mode"], "rail"],
    layout: { "line-join": "round" },
    paint: { "line-color": palette.corridor, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 2, 6, 3.4, 12, 5] },
  };
  return [line("air"), line("sea"), line("road"), casing, line("rail"), ...trails(palette)];
}

/** What is being drawn: a line with a handle at each point, its ends larger. */
function drafts(palette: Palette): LayerSpecification[] {
  return [
    { id: "draft-line", type: "line", source: "draft", layout: { "line-join": "round" }, paint: { "line-color": palette.chosen, "line-width": 3 } },
    {
      id: "draft-point",
      type: "circle",
      source: "draft",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": ["case", ["boolean", ["get", "end"], false], 7, 5],
        "circle-color": palette.halo,
        "circle-stroke-color": palette.chosen,
        "circle-stroke-width": 2.5,
      },
    },
  ];
}

/** Signed, and said by a terminal: whole. Open: dotted red. Missing reports: dashed, for nobody knows the way between. */
function trails(palette: Palette): LayerSpecification[] {
  const dashes: Partial<Record<TrailState, number[]>> = { gap: [1.2, 1.6], open: [2.2, 1] };
  return TRAIL_STATES.map((state) => ({
    id: `trail-${state}`,
    type: "line",
    source: "trail",
    filter: ["==", ["get", "state"], state],
    layout: { "line-join": "round", "line-cap": dashes[state] ? "butt" : "round" },
    paint: { "line-color": trailColour(state, palette), "line-width": 3.2, "line-opacity": 0.9, ...(dashes[state] ? { "line-dasharray": dashes[state] } : {}) },
  }));
}

function places(palette: Palette): LayerSpecification[] {
  return [
    { id: "place-area", type: "fill", source: "places", minzoom: 6, paint: { "fill-color": palette.placeFill, "fill-opacity": 0.18 } },
    { id: "place-edge", type: "line", source: "places", minzoom: 6, paint: { "line-color": palette.place, "line-width": 1 } },
    {
      id: "place-point",
      type: "circle",
      source: "place-points",
      maxzoom: 11,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 2, 6, 4],
        "circle-color": palette.halo,
        "circle-stroke-color": palette.place,
        "circle-stroke-width": 1.5,
      },
    },
  ];
}

function placeLabels(palette: Palette, language: Language): LayerSpecification[] {
  return [
    {
      id: "place-label",
      type: "symbol",
      source: "place-points",
      layout: {
        // The part in brackets names the port area: it is shown once there is room.
        "text-field": ["step", ["zoom"], ["get", `short_${language}`], 7, ["get", `name_${language}`]],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 3, 11, 8, 13],
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 0.6,
        "text-padding": 3,
        "text-max-width": 9,
        // Borders and ports before depots, zones and airports where room is scarce.
        "symbol-sort-key": ["match", ["get", "kind"], ["border", "port"], 0, "depot", 1, 2],
      },
      paint: { "text-color": palette.label, "text-halo-color": palette.halo, "text-halo-width": 1.4 },
    },
  ];
}

function byRank(rank: ExpressionSpecification, [normal, grey, amber, red]: [string, string, string, string]): ExpressionSpecification {
  return ["match", rank, 3, red, 2, amber, 1, grey, normal];
}

function seals(palette: Palette): LayerSpecification[] {
  const radius: ExpressionSpecification = ["step", ["get", "point_count"], 12, 10, 14, 100, 17, 1000, 21];
  return [
    {
      id: "clusters",
      type: "circle",
      source: "seals",
      filter: ["has", "point_count"],
      paint: {
        "circle-radius": radius,
        "circle-color": byRank(["get", "worst"], [palette.normal, palette.grey, palette.amber, palette.red]),
        "circle-stroke-color": palette.ring,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "cluster-count",
      type: "symbol",
      source: "seals",
      filter: ["has", "point_count"],
      layout: {
        "text-field": ["get", "point_count_abbreviated"],
        "text-font": BOLD,
        "text-size": 12,
        "text-allow-overlap": true,
        // Labels of places keep clear of clusters and seals.
        "text-padding": 9,
      },
      paint: { "text-color": byRank(["get", "worst"], [palette.onNormal, palette.onGrey, palette.onAmber, palette.onRed]) },
    },
    {
      id: "cluster-mark",
      type: "symbol",
      source: "seals",
      filter: ["all", ["has", "point_count"], [">", ["get", "worst"], 0]],
      layout: {
        "icon-image": ["concat", "mark-", ["to-string", ["get", "worst"]]],
        "icon-size": 0.72,
        // On the rim, wherever the rim is.
        "icon-offset": [
          "step",
          ["get", "point_count"],
          ["literal", [16, -14]],
          10,
          ["literal", [18, -16]],
          100,
          ["literal", [21, -19]],
          1000,
          ["literal", [25, -23]],
        ],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    {
      id: "seals",
      type: "symbol",
      source: "seals",
      filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": [
          "case",
          ["!", ["get", "signed"]],
          "mark-unsigned",
          ["all", ["==", ["get", "rank"], 0], ["get", "silent"]],
          "mark-silent",
          ["concat", "mark-", ["to-string", ["get", "rank"]]],
        ],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["get", "rank"],
      },
    },
    {
      id: "chosen",
      type: "circle",
      source: "chosen",
      paint: {
        "circle-radius": 16,
        "circle-color": "transparent",
        "circle-stroke-color": palette.chosen,
        "circle-stroke-width": 3,
      },
    },
  ];
}
