// Light or dark: the system's choice until the person chooses.
import { recall, remember } from "./memory";

export type Theme = "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");

function preferred(): Theme {
  const kept = recall("theme");
  if (kept === "light" || kept === "dark") return kept;
  return system.matches ? "dark" : "light";
}

let theme = $state<Theme>(preferred());

system.addEventListener("change", () => {
  if (recall("theme") === null) theme = preferred();
});

export const appearance = {
  get theme(): Theme {
    return theme;
  },
  toggle(): void {
    theme = theme === "light" ? "dark" : "light";
    remember("theme", theme);
  },
};
