// The base map under places and seals: the bundled one, an authority's outlines, or a style in its own network.
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import { api } from "../../api/client";
import type { Basemap } from "../../api/types";

let asked: Promise<Basemap> | undefined;

/** Asked once; a failed question is asked again by the next map. */
export function basemap(): Promise<Basemap> {
  asked ??= api.basemap().catch((cause: unknown) => {
    asked = undefined;
    throw cause;
  });
  return asked;
}

/** The fonts that a style's server is known to have: the first that the style itself writes with. */
export function fontOf(style: StyleSpecification): string[] | null {
  if (style.glyphs === undefined) return null;
  for (const layer of style.layers) {
    const font: unknown = layer.type === "symbol" ? layer.layout?.["text-font"] : undefined;
    if (Array.isArray(font) && font.every((name) => typeof name === "string")) return font;
  }
  return null;
}

/** Our letters in a font that is there. Without one, letters are drawn with the fonts of the machine. */
export function written(layers: readonly LayerSpecification[], font: string[] | null): LayerSpecification[] {
  if (font === null) return [...layers];
  return layers.map((layer) =>
    layer.type === "symbol" && layer.layout?.["text-font"] ? { ...layer, layout: { ...layer.layout, "text-font": font } } : layer,
  );
}

/** What we draw, over a style of somebody else, whose names are kept apart from ours. */
export function over(
  style: StyleSpecification,
  sources: Readonly<Record<string, SourceSpecification>>,
  layers: readonly LayerSpecification[],
): StyleSpecification {
  const theirs = (name: string): string => `base-${name}`;
  const below = style.layers.map((layer) => ({
    ...layer,
    id: theirs(layer.id),
    ...("source" in layer && typeof layer.source === "string" ? { source: theirs(layer.source) } : {}),
  })) as LayerSpecification[];
  return {
    ...style,
    sources: { ...Object.fromEntries(Object.entries(style.sources).map(([name, source]) => [theirs(name), source])), ...sources },
    layers: [...below, ...written(layers, fontOf(style))],
  };
}
