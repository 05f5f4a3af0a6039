import { expect, test } from "vitest";
import { transfer } from "../live/rows.fixture";
import { commandOf, grantCommand, type Given } from "./deeds";

const given = (more: Partial<Given> = {}): Given => ({ text: "", conclusion: "A1", seal: "intact", lines: [], epoch: 3, ...more });

test("a deed that needs words is none without them", () => {
  for (const deed of ["release", "lift-hold", "lift-quarantine", "resume", "reply-enquiry", "verify", "write-off"] as const) {
    expect(commandOf(transfer({}), deed, given({ text: "  " })), deed).toBeNull();
    expect(commandOf(transfer({}), deed, given({ text: " seen " })), deed).not.toBeNull();
  }
  expect(commandOf(transfer({}), "release", given({ text: " seen " }))).toMatchObject({ type: "release-transfer", reason: "seen" });
});

test("a countersignature is for the epoch that the seal has", () => {
  expect(commandOf(transfer({}), "countersign", given())).toMatchObject({ type: "countersign-seal", seal: "ES-1", epoch: 3 });
  expect(commandOf(transfer({}), "countersign", given({ epoch: null }))).toBeNull();
});

test("a verification carries what was counted, and waits while a quantity is no number", () => {
  const line = { goods: "CHIP-7", status: "bonded", quantity: "7" } as const;
  expect(commandOf(transfer({}), "verify", given({ text: "short", conclusion: "A5", lines: [line] }))).toMatchObject({ conclusion: "A5", verified: [line] });
  expect(commandOf(transfer({}), "verify", given({ text: "short", lines: null }))).toBeNull();
});

test("a grant is in whole 1e-7 degrees and metres", () => {
  const wish = { device: "ES-1", epoch: 3, lat: 34.3412345, lon: -108.9, radiusM: 499.6, notBefore: 1, notAfter: 2 };
  expect(grantCommand(wish, "00ff", "li")).toMatchObject({ circle: { lat_e7: 343412345, lon_e7: -1089000000, radius_m: 500 }, authorised_by: "li" });
});
