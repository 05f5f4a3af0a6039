// The colours of the map in both themes. The base is quiet and nearly grey: colour is for state.
import type { TrailState } from "./features";
import type { Theme } from "../session/theme.svelte";

export interface Palette {
  sea: string;
  land: string;
  home: string;
  coast: string;
  border: string;
  province: string;
  place: string;
  placeFill: string;
  label: string;
  halo: string;
  corridor: string;
  casing: string;
  trail: string;
  normal: string;
  red: string;
  amber: string;
  grey: string;
  onNormal: string;
  onRed: string;
  onAmber: string;
  onGrey: string;
  ring: string;
  chosen: string;
}

const light: Palette = {
  sea: "#dde7ee",
  land: "#f1f1ee",
  home: "#fcfcfa",
  coast: "#b9c6cf",
  border: "#cbccc8",
  province: "#d8dbd9",
  place: "#2f4656",
  placeFill: "#5d7c91",
  label: "#24333e",
  halo: "#ffffff",
  corridor: "#6d8798",
  casing: "#ffffff",
  trail: "#14425f",
  normal: "#2c5d7c",
  red: "#c4162a",
  amber: "#f2a900",
  grey: "#6f7780",
  onNormal: "#ffffff",
  onRed: "#ffffff",
  onAmber: "#1d1400",
  onGrey: "#ffffff",
  ring: "#ffffff",
  chosen: "#0b5fa5",
};

const dark: Palette = {
  sea: "#0d151b",
  land: "#1a2229",
  home: "#212b33",
  coast: "#33414b",
  border: "#364149",
  province: "#2f3b44",
  place: "#b8c7d2",
  placeFill: "#8aa3b4",
  label: "#d5dee5",
  halo: "#10181e",
  corridor: "#6f8b9d",
  casing: "#10181e",
  trail: "#8cc4e8",
  normal: "#7fb2d2",
  red: "#ff5a5f",
  amber: "#ffc233",
  grey: "#a3adb5",
  onNormal: "#08131a",
  onRed: "#240003",
  onAmber: "#1d1400",
  onGrey: "#0d1318",
  ring: "#10181e",
  chosen: "#6cc1ff",
};

export function paletteOf(theme: Theme): Palette {
  return theme === "light" ? light : dark;
}

/** Of a seal's way, by what its reports prove. */
export function trailColour(state: TrailState, palette: Palette): string {
  return { signed: palette.trail, open: palette.red, gap: palette.grey, unsigned: palette.grey }[state];
}
