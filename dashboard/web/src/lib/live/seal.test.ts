import { expect, test } from "vitest";
import { device } from "./rows.fixture";
import { positionTime, sealOfDevice } from "./seal";

test("an old report that came late is as old as its own time says", () => {
  const seal = sealOfDevice(device({}));
  expect(seal.fix && positionTime(seal.fix)).toBe(900);
});

test("a device clock that runs ahead cannot make a position younger than its arrival", () => {
  const fix = { t: 9_000_000, receivedAt: 1000, lat: 0, lon: 0, speedCmS: 0, headingDdeg: 0 };
  expect(positionTime(fix)).toBe(1000);
});

test("a device that never reported has neither position nor age", () => {
  expect(sealOfDevice(device({ last: null }))).toMatchObject({ ctr: -1, receivedAt: null, fix: null, battery: null });
});
