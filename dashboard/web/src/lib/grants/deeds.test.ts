import { expect, test } from "vitest";
import type { Grant } from "../../api/types";
import { deedsOf } from "./deeds";

const grant = (given: Partial<Grant> = {}): Grant => ({
  grant: "00",
  device: "ES-1",
  epoch: 1,
  circle: { lat_e7: 0, lon_e7: 0, radius_m: 50 },
  not_before: 0,
  not_after: 100,
  proposed_by: "li",
  standing: "proposed",
  at: 0,
  ...given,
});

test("a proposed grant waits for another officer than the one who proposed it", () => {
  expect(deedsOf(grant(), "li", 50)).toEqual({ stand: "proposed", countersign: false, revoke: true });
  expect(deedsOf(grant(), "wang", 50)).toMatchObject({ countersign: true });
});

test("a grant that was used, taken back or ran out can be neither signed nor taken back", () => {
  expect(deedsOf(grant({ standing: "used" }), "wang", 50)).toEqual({ stand: "used", countersign: false, revoke: false });
  expect(deedsOf(grant(), "wang", 101)).toEqual({ stand: "over", countersign: false, revoke: false });
  expect(deedsOf(grant({ standing: "given" }), null, 50)).toEqual({ stand: "given", countersign: false, revoke: false });
});
