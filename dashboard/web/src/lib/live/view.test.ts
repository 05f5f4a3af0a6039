import { expect, test } from "vitest";
import { alert, device, lastReport, position, transfer } from "./rows.fixture";
import { applyChanges, tallyBySeal, tallyByTransfer, viewOf } from "./view";

const base = () => viewOf([device({})], [transfer({})], [alert({ id: 7 })]);

test("a position moves its seal and its transfer", () => {
  const view = applyChanges(base(), [{ kind: "position", body: position({}) }]);
  expect(view.seals.get("ES-1")).toMatchObject({ ctr: 6, battery: 79, fix: { lat: 35, lon: 110 }, receivedAt: 2000 });
  expect(view.transfers.get("26CN0000000000015")?.progress_km).toBe(12);
});

test("a position behind the seal's counter changes nothing of the seal", () => {
  const view = applyChanges(base(), [{ kind: "position", body: position({ ctr: 5, lat: 1 }) }]);
  expect(view.seals.get("ES-1")?.fix?.lat).toBe(34);
});

test("a position of an unknown seal makes it known", () => {
  const view = applyChanges(base(), [{ kind: "position", body: position({ device: "ES-9", transfer: null }) }]);
  expect(view.seals.get("ES-9")).toMatchObject({ owner: null, transfer: null, ctr: 6 });
});

test("a cleared alert leaves the floor, an opened or acknowledged one is on it", () => {
  const opened = applyChanges(base(), [{ kind: "alert", body: alert({ id: 8 }) }]);
  expect([...opened.alerts.keys()]).toEqual([7, 8]);
  const acknowledged = applyChanges(opened, [{ kind: "alert", body: alert({ id: 8, acknowledged_by: "wang-li" }) }]);
  expect(acknowledged.alerts.get(8)?.acknowledged_by).toBe("wang-li");
  const cleared = applyChanges(acknowledged, [{ kind: "alert", body: alert({ id: 7, cleared_at: 5 }) }]);
  expect([...cleared.alerts.keys()]).toEqual([8]);
});

test("a movement replaces its transfer", () => {
  const view = applyChanges(base(), [{ kind: "movement", body: transfer({ state: "arrived" }) }]);
  expect(view.transfers.get("26CN0000000000015")?.state).toBe("arrived");
});

test("a device row that is behind the told positions keeps them", () => {
  const moved = applyChanges(base(), [{ kind: "position", body: position({}) }]);
  const view = applyChanges(moved, [{ kind: "device", body: device({ quarantined: true }) }]);
  expect(view.seals.get("ES-1")).toMatchObject({ quarantined: true, ctr: 6, fix: { lat: 35 } });
});

test("a newest report without a fix keeps the last position", () => {
  const row = device({ last: lastReport({ ctr: 9, t: 5000, received_at: 5000, battery: 70, fix: null }) });
  const seal = applyChanges(base(), [{ kind: "device", body: row }]).seals.get("ES-1");
  expect(seal).toMatchObject({ ctr: 9, battery: 70, receivedAt: 5000, fix: { lat: 34, t: 900 } });
});

test("changes copy what they touch and leave the view before them as it was", () => {
  const before = base();
  const after = applyChanges(before, [{ kind: "alert", body: alert({ id: 8 }) }]);
  expect(before.alerts.size).toBe(1);
  expect(after.seals).toBe(before.seals);
  expect(applyChanges(before, [])).toBe(before);
});

test("a tally counts the alerts of a seal and keeps the worst, in whatever order they come", () => {
  const alerts = [alert({ severity: "amber" }), alert({ severity: "red" }), alert({ severity: "grey" }), alert({ device: "ES-2", severity: "grey" })];
  const expected = { "ES-1": { open: 3, worst: "red" }, "ES-2": { open: 1, worst: "grey" } };
  expect(Object.fromEntries(tallyBySeal(alerts))).toEqual(expected);
  expect(Object.fromEntries(tallyBySeal(alerts.reverse()))).toEqual(expected);
});

test("an alert of a seal without a transfer counts for no transfer", () => {
  expect([...tallyByTransfer([alert({ transfer: null }), alert({ transfer: "T1" })]).keys()]).toEqual(["T1"]);
});
