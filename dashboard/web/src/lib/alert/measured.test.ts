import { expect, test } from "vitest";
import { measuredOf } from "./measured";

test("a measured value stands with its unit, and its name in the reader's language", () => {
  expect(measuredOf("en", "en-GB", { distance_m: 5321.4, speed_m_s: 70, silent_s: 7200, from_ctr: 13 })).toEqual([
    { name: "Distance", value: "5,321 m" },
    { name: "Speed", value: "252 km/h" },
    { name: "Silent for", value: "2 h" },
    { name: "From report", value: "#13" },
  ]);
  expect(measuredOf("zh", "zh-CN", { battery_percent: 12 })).toEqual([{ name: "电量", value: "12 %" }]);
});

test("a value that the screens do not know yet is shown under its own name", () => {
  expect(measuredOf("en", "en-GB", { odd_thing: 1.234 })).toEqual([{ name: "odd_thing", value: "1.23" }]);
});
