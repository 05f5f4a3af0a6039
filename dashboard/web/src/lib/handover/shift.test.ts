import { expect, test } from "vitest";
import type { Alert, Arrow, By, Grant, Step, Transfer } from "../../api/types";
import { alert as row, transfer as way } from "../live/rows.fixture";
import { automaticIn, deedsIn, heldTransfers, openAlerts, pendingGrants, pressingTransfers, shiftOf } from "./shift";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const shift = shiftOf(NOW, 12);

const alert = (id: number, given: Partial<Alert> = {}): Alert => row({ id, ...given });
const transfer = (id: string, given: Partial<Transfer> = {}): Transfer => way({ id, ...given });
const step = (arrow: Arrow, at: number, by: By): Step => ({ transfer: "T1", number: 1, arrow, from: "declared", to: "accepted", at, by });

test("open alerts stand by severity, then by the time that is left to respond, and what was responded to last", () => {
  const transfers = new Map([["over", transfer("over", { due: NOW - 9 * HOUR })]]);
  const rows = openAlerts(
    [
      alert(1, { severity: "amber", transfer: "over", respond_by: NOW - HOUR }),
      alert(2, { severity: "red", respond_by: NOW + HOUR }),
      alert(3, { severity: "red", respond_by: NOW - HOUR, assigned: { to: "wang", by: "li", at: 1 } }),
      alert(4, { severity: "red", transfer: "over", respond_by: NOW - HOUR, acknowledged_by: "li", assigned: { to: "wang", by: "li", at: 1 } }),
      alert(5, { severity: "red", transfer: null, respond_by: NOW + HOUR, acknowledged_by: "li" }),
      alert(6, { severity: "grey", acknowledged_by: "li", decided: { verdict: "device-fault", by: "zhao", at: 2, reason: "" } }),
    ],
    transfers,
    NOW,
  );
  expect(rows.map(({ alert, leftMs, holder }) => [alert.id, leftMs, holder?.how ?? null, holder?.user ?? null])).toEqual([
    [3, -HOUR, "assigned", "wang"],
    [2, HOUR, null, null],
    [4, null, "assigned", "wang"],
    [5, null, "acknowledged", "li"],
    [1, -HOUR, null, null],
    [6, null, "decided", "zhao"],
  ]);
});

test("each hold is a row, and so is custody that stopped without one", () => {
  const hold = { number: 1, reason: "officer" as const, detail: "x-ray", since: 5, by: { user: "li" } };
  const rows = heldTransfers([
    transfer("a", { custody_held: true, state_since: 9 }),
    transfer("b", { holds: [hold, { ...hold, since: 3 }] }),
    transfer("c", { holds: [hold], state: "cancelled" }),
    transfer("d"),
  ]);
  expect(rows.map((held) => [held.transfer.id, held.hold?.since ?? null])).toEqual([["b", 3], ["b", 5], ["a", null]]);
});

test("what is over its limit or due before the next shift ends presses, unless it arrived", () => {
  const rows = pressingTransfers(
    [transfer("later", { due: NOW + 13 * HOUR }), transfer("soon", { due: NOW + 12 * HOUR }), transfer("late", { due: NOW - 1 }), transfer("there", { due: NOW, state: "arrived" }), transfer("open")],
    shift,
  );
  expect(rows.map((pressing) => pressing.transfer.id)).toEqual(["late", "soon"]);
});

const grant = (standing: Grant["standing"], given: Partial<Grant> = {}): Grant => ({
  grant: standing,
  device: "ES-1",
  epoch: 1,
  circle: { lat_e7: 0, lon_e7: 0, radius_m: 50 },
  not_before: 0,
  not_after: NOW + HOUR,
  proposed_by: "li",
  standing,
  at: NOW - 1,
  ...given,
});

test("grants that wait for a signature or for their seal are pending, what ran out is not", () => {
  const rows = pendingGrants([grant("used"), grant("given"), grant("proposed", { not_after: NOW + 1 }), grant("revoked"), grant("given", { not_after: NOW - 1 })], NOW);
  expect(rows.map(({ standing }) => standing)).toEqual(["proposed", "given"]);
});

test("what was decided a moment ago is told, even where the server's clock runs ahead of this one", () => {
  const ahead = NOW + 480;
  expect(deedsIn(shift, { steps: [step("release", ahead, { user: "wang" })], alerts: [], holds: [], grants: [] })).toHaveLength(1);
  expect(automaticIn(shift, [step("release", ahead, { gate: "G1" })])).toEqual([{ arrow: "release", count: 1 }]);
});

test("what people of customs decided in the shift is told with who did it, the rest is counted", () => {
  const steps = [
    step("release", NOW - 2, { user: "wang" }),
    step("release", NOW - 13 * HOUR, { user: "wang" }),
    step("arrive", NOW - 3, { user: "operator" }),
    step("accept", NOW - 4, { order: { order: "AEO", officer: "li" } }),
    step("release", NOW - 5, { gate: "G1" }),
    step("release", NOW - 6, { gate: "G1" }),
    step("release", NOW - 13 * HOUR, { gate: "G1" }),
  ];
  const decided = alert(7, { decided: { verdict: "false-alarm", by: "li", at: NOW - 8, reason: "bird" } });
  const hold = { number: 1, reason: "officer" as const, detail: "x-ray", since: NOW - 7, by: { signed: { user: "zhao", key: "k" } } };
  const holds = [
    { transfer: "T2", hold, lifted: { at: NOW - 1, by: { user: "wang" }, reason: "nothing found" } },
    { transfer: "T2", hold: { ...hold, number: 2, reason: "contested" as const, by: "clock" as const }, lifted: { at: NOW - 1, by: "clock" as const, reason: "" } },
    { transfer: "T3", hold: { ...hold, since: NOW - 13 * HOUR }, lifted: null },
  ];
  const deeds = deedsIn(shift, { steps, alerts: [decided, alert(8)], holds, grants: [grant("proposed"), grant("given")] });
  expect(deeds.map(({ what, by }) => [what, by])).toEqual([["verdict", "li"], ["hold", "zhao"], ["step", "wang"], ["lift", "wang"], ["grant", "li"]]);
  expect(automaticIn(shift, steps)).toEqual([{ arrow: "accept", count: 1 }, { arrow: "release", count: 2 }]);
});
