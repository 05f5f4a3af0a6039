import { expect, test } from "vitest";
import type { Hold, MovementState } from "../../api/types";
import { transfer } from "../live/rows.fixture";
import { isTurnOf, nextOf, restsOn } from "./next";

const hold: Hold = { number: 1, reason: "officer", detail: "papers", since: 1, by: { user: "li" } };

test("every state says who acts next, and by which command", () => {
  const table: [MovementState, string, string | null][] = [
    ["draft", "carrier", "submit"],
    ["declared", "customs", "accept"],
    ["accepted", "customs", "countersign"],
    ["sealed", "customs", "release"],
    ["released", "seal", null],
    ["in-transit", "seal", null],
    ["incident", "customs", "resume"],
    ["arrived", "operator", "hand-over"],
    ["handed-over", "customs", "grant"],
    ["unsealing-granted", "seal", null],
    ["unsealed", "customs", "verify"],
    ["verified", "customs", "write-off"],
    ["written-off", "nobody", null],
    ["cancelled", "nobody", null],
  ];
  for (const [state, actor, deed] of table) expect(nextOf(transfer({ state })), state).toMatchObject({ actor, deed });
});

test("a grant that waits for its second officer is not to be given once more", () => {
  expect(nextOf(transfer({ state: "handed-over" }), null, true)).toMatchObject({ actor: "customs", reason: "proposed", deed: null });
  expect(nextOf(transfer({ state: "in-transit" }), null, true)).toMatchObject({ reason: "in-transit" });
});

test("a hold comes before everything but the end", () => {
  expect(nextOf(transfer({ state: "arrived", holds: [hold] }))).toMatchObject({ reason: "held", deed: "lift-hold" });
  expect(nextOf(transfer({ state: "written-off", holds: [hold] }))).toMatchObject({ actor: "nobody" });
  expect(nextOf(transfer({ custody_held: true }))).toMatchObject({ reason: "custody", deed: "lift-quarantine" });
});

test("an unsatisfactory verification is lifted by a later one alone", () => {
  const doubt: Hold = { ...hold, reason: "unsatisfactory" };
  expect(nextOf(transfer({ state: "verified", holds: [doubt] }))).toMatchObject({ reason: "held", deed: "verify" });
  expect(nextOf(transfer({ state: "verified", holds: [doubt, hold] }))).toMatchObject({ reason: "held", deed: "lift-hold" });
});

test("an overdue transfer is late, and an enquiry waits for the carrier", () => {
  expect(nextOf(transfer({ punctuality: "overdue" }))).toMatchObject({ reason: "overdue", late: true });
  const enquiry = nextOf(transfer({ punctuality: "enquiry" }));
  expect(enquiry).toMatchObject({ actor: "carrier", deed: "reply-enquiry" });
  expect([isTurnOf(enquiry, "carrier"), isTurnOf(enquiry, "customs")]).toEqual([true, false]);
});

test("a reply turns the enquiry over to customs, and so does recovery", () => {
  const enquired = transfer({ punctuality: "enquiry" });
  expect(nextOf(enquired, "open")).toMatchObject({ actor: "carrier", reason: "enquiry" });
  expect(nextOf(enquired, "replied")).toMatchObject({ actor: "customs", reason: "replied", deed: "close-enquiry" });
  const recovered = transfer({ punctuality: "recovery", holds: [{ ...hold, reason: "recovery" }] });
  expect(nextOf(recovered, "lapsed")).toMatchObject({ actor: "customs", reason: "recovery", deed: "close-enquiry" });
  expect(nextOf({ ...recovered, holds: [...recovered.holds, hold] })).toMatchObject({ reason: "held", deed: "lift-hold" });
});

test("a next action names what it was worked out from", () => {
  const source = (...given: Parameters<typeof nextOf>) => restsOn(nextOf(...given));
  const asked = transfer({ state: "in-transit", punctuality: "enquiry" });
  expect([source(asked), source(asked, "replied")]).toEqual(["enquiries", "enquiries"]);
  expect(source(transfer({ state: "unsealed" }))).toBe("postings");
  expect([source(transfer({ state: "accepted" })), source(transfer({ state: "handed-over" }))]).toEqual(["device", "device"]);
  expect([source(transfer({ state: "sealed" })), source(transfer({ state: "in-transit" })), source(transfer({ ...asked, holds: [hold] }))]).toEqual([null, null, null]);
});
