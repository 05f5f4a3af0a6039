// What a newcomer of each role is shown, and where on the screen it is. Pure.
import type { Role } from "../../api/types";
import type { Key } from "../i18n/zh";
import type { PageName } from "../shell/routes";

export interface TourStep {
  /** Where it points: the first of these that is on the screen. A step without any is passed over. */
  at: readonly string[];
  title: Key;
  text: Key;
}

export interface Tour {
  /** The page on which it begins. */
  page: PageName;
  steps: readonly TourStep[];
}

const MENU = "[aria-controls=navigation]";

const step = (name: TourName, ...at: string[]): TourStep => ({ at, title: `tour.${name}`, text: `tour.${name}Text` });
/** An entry of the navigation; on a phone the button that opens it. */
const entry = (name: TourName, path: string): TourStep => step(name, `nav a[href="${path}"]`, MENU);

type TourName =
  | "counters"
  | "queue"
  | "map"
  | "table"
  | "line"
  | "cases"
  | "grants"
  | "handover"
  | "keys"
  | "help"
  | "turn"
  | "fleet"
  | "seals"
  | "declare"
  | "receipts"
  | "find"
  | "due"
  | "figures";

const KEYS = entry("keys", "/keys");
const HELP = step("help", "[data-testid=help]");
const LINE = step("line", "[data-testid=line]");

const TOURS: Partial<Record<Role, Tour>> = {
  customs: {
    page: "floor",
    steps: [
      step("counters", "section:has(> [data-testid=counter-alerts])"),
      step("queue", "#queue"),
      step("map", "[data-testid=floor] .map"),
      step("table", "[data-testid=floor] .table"),
      LINE,
      entry("cases", "/alerts"),
      entry("grants", "/grants"),
      entry("handover", "/handover"),
      KEYS,
      HELP,
    ],
  },
  carrier: {
    page: "fleet",
    steps: [
      step("turn", "section:has([data-testid=turn])"),
      step("fleet", "section:has([data-testid=fleet])"),
      step("seals", "section:has([data-testid=seals])"),
      step("declare", '#content a[href="/declare"]'),
      LINE,
      entry("receipts", "/receipts"),
      KEYS,
      HELP,
    ],
  },
  operator: {
    page: "port",
    steps: [step("find", "label:has([data-testid=find])", "[data-testid=find]"), step("due", "[data-testid=due]"), LINE, entry("figures", "/kpis"), KEYS, HELP],
  },
};

export function tourOf(role: Role): Tour | null {
  return TOURS[role] ?? null;
}
