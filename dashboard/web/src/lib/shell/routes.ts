// Which pages there are, where they are, and who has them in the navigation. Pure. The API has the last word on every right.
import type { Role } from "../../api/types";

export type PageName =
  | "floor"
  | "alerts"
  | "alert"
  | "port"
  | "fleet"
  | "errand"
  | "declare"
  | "receipts"
  | "devices"
  | "unit"
  | "transfers"
  | "transfer"
  | "audit"
  | "corridors"
  | "grants"
  | "write-off"
  | "gates"
  | "imports"
  | "handover"
  | "report"
  | "kpis"
  | "lines"
  | "keys"
  | "account";

interface Place {
  page: PageName;
  /** `:id` stands for one part of the path. */
  path: string;
  roles: readonly Role[];
  /** A page of its own in the navigation; others are reached from the page of their area. */
  listed: boolean;
}

const SEE_ALL: readonly Role[] = ["customs", "auditor", "admin"];
const EVERYONE: readonly Role[] = ["customs", "carrier", "operator", "auditor", "admin"];

const PLACES: readonly Place[] = [
  { page: "floor", path: "/", roles: EVERYONE, listed: true },
  { page: "port", path: "/port", roles: ["operator"], listed: true },
  { page: "unit", path: "/port/:id", roles: ["operator"], listed: false },
  { page: "fleet", path: "/fleet", roles: ["carrier"], listed: true },
  { page: "errand", path: "/fleet/:id", roles: ["carrier"], listed: false },
  { page: "declare", path: "/declare", roles: ["carrier"], listed: true },
  { page: "alerts", path: "/alerts", roles: EVERYONE, listed: true },
  { page: "alert", path: "/alerts/:id", roles: EVERYONE, listed: false },
  { page: "transfers", path: "/transfers", roles: EVERYONE, listed: true },
  { page: "transfer", path: "/transfers/:id", roles: EVERYONE, listed: false },
  { page: "report", path: "/transfers/:id/report", roles: EVERYONE, listed: false },
  { page: "grants", path: "/grants", roles: ["customs", "auditor"], listed: true },
  { page: "write-off", path: "/write-off", roles: ["customs", "auditor"], listed: true },
  { page: "imports", path: "/ledger-imports", roles: ["customs", "carrier", "operator"], listed: false },
  { page: "gates", path: "/gates", roles: ["customs", "auditor"], listed: true },
  { page: "handover", path: "/handover", roles: ["customs"], listed: true },
  { page: "kpis", path: "/kpis", roles: ["customs", "operator", "auditor", "admin"], listed: true },
  { page: "corridors", path: "/corridors", roles: SEE_ALL, listed: true },
  { page: "audit", path: "/audit", roles: SEE_ALL, listed: true },
  { page: "lines", path: "/lines", roles: ["admin"], listed: true },
  { page: "receipts", path: "/receipts", roles: ["carrier"], listed: true },
  { page: "devices", path: "/devices", roles: ["carrier"], listed: true },
  { page: "keys", path: "/keys", roles: EVERYONE, listed: true },
  // Behind the person's name in the bar.
  { page: "account", path: "/account", roles: EVERYONE, listed: false },
];

/** So many of the navigation have a digit of the keyboard. */
export const DIGITS = 9;

/** Whom the page belongs to in the navigation. */
const AREA: Partial<Record<PageName, PageName>> = { alert: "alerts", transfer: "transfers", report: "transfers", unit: "port", errand: "fleet", imports: "write-off" };

export interface Found {
  page: PageName;
  /** What `:id` stood for; empty without one. */
  id: string;
}

export function findPage(path: string): Found | null {
  const parts = path.replace(/\/+$/, "").split("/");
  for (const place of PLACES) {
    const wanted = place.path.replace(/\/+$/, "").split("/");
    if (wanted.length !== parts.length) continue;
    const at = wanted.indexOf(":id");
    if (!wanted.every((part, i) => i === at || part === parts[i])) continue;
    const id = decoded(at < 0 ? "" : (parts[at] ?? ""));
    if (id !== null && (at < 0 || id !== "")) return { page: place.page, id };
  }
  return null;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export function pathOf(page: PageName, id = ""): string {
  const place = PLACES.find((candidate) => candidate.page === page);
  return (place?.path ?? "/").replace(":id", encodeURIComponent(id));
}

export function mayOpen(role: Role, page: PageName): boolean {
  return PLACES.some((place) => place.page === page && place.roles.includes(role));
}

/** The pages in the navigation of a role, in their order. */
export function navigationOf(role: Role): PageName[] {
  return PLACES.filter((place) => place.listed && place.roles.includes(role)).map((place) => place.page);
}

/** The entry of the navigation that stands for a page. */
export function areaOf(page: PageName): PageName {
  return AREA[page] ?? page;
}
