import { expect, test } from "vitest";
import { countView, SILENT_AFTER_MS, tableRows } from "./counters";
import { alert, device, transfer } from "./rows.fixture";
import { viewOf } from "./view";

const HEARD = 1000;

function view() {
  return viewOf(
    [device({}), device({ id: "ES-2", transfer: "T2" })],
    [
      transfer({}),
      transfer({ id: "T2", seal: "ES-2", unit: "MWCU6059784", state: "arrived" }),
      transfer({ id: "T3", seal: "ES-3", unit: "CBHU3202732", state: "in-transit" }),
      transfer({ id: "T4", seal: "ES-4", unit: "XIAU0000060", state: "declared" }),
    ],
    [alert({ transfer: "T3", device: "ES-3", severity: "red" })],
  );
}

test("a seal is silent after thirty minutes, and when it was never heard", () => {
  expect(countView(view(), HEARD + SILENT_AFTER_MS)).toEqual({ inTransit: 2, openAlerts: 1, silent: 1, arrived: 1 });
  expect(countView(view(), HEARD + SILENT_AFTER_MS + 1).silent).toBe(2);
});

test("the table puts what has the worst alert first, then goes by unit number", () => {
  expect(tableRows(view(), "all", "", HEARD).map((row) => row.transfer.unit)).toEqual(["CBHU3202732", "CSQU3054383", "MWCU6059784", "XIAU0000060"]);
});

test("each filter shows its own rows", () => {
  const ids = (filter: Parameters<typeof tableRows>[1]) => tableRows(view(), filter, "", HEARD).map((row) => row.transfer.id);
  expect(ids("in-transit")).toEqual(["T3", "26CN0000000000015"]);
  expect(ids("alerts")).toEqual(["T3"]);
  expect(ids("silent")).toEqual(["T3"]);
  expect(ids("arrived")).toEqual(["T2"]);
});

test("the search finds a part of unit, seal or transfer number in any case", () => {
  expect(tableRows(view(), "all", " mwcu ", HEARD).map((row) => row.transfer.id)).toEqual(["T2"]);
  expect(tableRows(view(), "all", "es-4", HEARD).map((row) => row.transfer.id)).toEqual(["T4"]);
  expect(tableRows(view(), "all", "26cn", HEARD).map((row) => row.transfer.id)).toEqual(["26CN0000000000015"]);
  expect(tableRows(view(), "all", "nothing", HEARD)).toEqual([]);
});
