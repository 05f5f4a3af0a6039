// The pages, each in a file of its own that comes when it is opened; the floor comes with the first load.
import type { Component } from "svelte";
import type { PageName } from "../lib/shell/routes";
import Floor from "./Floor.svelte";

type PageComponent = Component<{ id: string }>;

const PAGES: Readonly<Record<PageName, () => Promise<{ default: unknown }>>> = {
  floor: () => Promise.resolve({ default: Floor }),
  fleet: () => import("./Fleet.svelte"),
  errand: () => import("./Errand.svelte"),
  declare: () => import("./Declare.svelte"),
  receipts: () => import("./Receipts.svelte"),
  devices: () => import("./Devices.svelte"),
  port: () => import("./Port.svelte"),
  unit: () => import("./PortUnit.svelte"),
  alerts: () => import("./Alerts.svelte"),
  alert: () => import("./AlertCase.svelte"),
  transfers: () => import("./Transfers.svelte"),
  transfer: () => import("./Transfer.svelte"),
  report: () => import("./TransferReport.svelte"),
  grants: () => import("./Grants.svelte"),
  "write-off": () => import("./WriteOff.svelte"),
  imports: () => import("./LedgerImports.svelte"),
  gates: () => import("./Gates.svelte"),
  handover: () => import("./Handover.svelte"),
  lines: () => import("./Lines.svelte"),
  keys: () => import("./Keys.svelte"),
  kpis: () => import("./Kpis.svelte"),
  corridors: () => import("./Corridors.svelte"),
  account: () => import("./Account.svelte"),
  audit: () => import("./Audit.svelte"),
};

export async function loadPage(page: PageName): Promise<PageComponent> {
  // A page that is about no single thing takes no id, and is not harmed by one.
  return (await PAGES[page]()).default as PageComponent;
}
