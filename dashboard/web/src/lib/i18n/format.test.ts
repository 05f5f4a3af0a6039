import { expect, test } from "vitest";
import { formatAge, formatFromNow, formatKm, formatMetres, formatMinutes, formatShare, formatSpeed, progressShare } from "./format";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each([
  [0, "0 s", "0 秒"],
  [59_999, "59 s", "59 秒"],
  [MINUTE, "1 min", "1 分钟"],
  [HOUR - 1, "59 min", "59 分钟"],
  [HOUR, "1 h", "1 小时"],
  [HOUR + 5 * MINUTE, "1 h 5 min", "1 小时 5 分"],
  [12 * HOUR + 5 * MINUTE, "12 h", "12 小时"],
  [47 * HOUR, "47 h", "47 小时"],
  [72 * HOUR, "3 d", "3 天"],
])("an age of %i ms is told in both languages", (ms, english, chinese) => {
  expect(formatAge("en", ms)).toBe(english);
  expect(formatAge("zh", ms)).toBe(chinese);
});

test("a clock that is behind gives an age of nothing, not a negative one", () => {
  expect(formatAge("en", -5000)).toBe("0 s");
});

test.each([
  [30_000, true, "in 30 s", "30 秒后"],
  [30_000, false, "0 s ago", "0 秒前"],
  [2 * MINUTE, true, "in 2 min", "2 分钟后"],
  [2 * MINUTE, false, "clock 2 min fast", "时钟快 2 分钟"],
  [-5 * MINUTE, true, "5 min ago", "5 分钟前"],
  [-5 * MINUTE, false, "5 min ago", "5 分钟前"],
])("an instant %i ms from now, planned: %s, is told from now", (ms, planned, english, chinese) => {
  expect(formatFromNow("en", HOUR + ms, HOUR, planned)).toBe(english);
  expect(formatFromNow("zh", HOUR + ms, HOUR, planned)).toBe(chinese);
});

test("distances are whole kilometres and speeds are km/h", () => {
  expect(formatKm("en-GB", 2822.6)).toBe("2,823 km");
  expect(formatSpeed("en-GB", 2778)).toBe("100 km/h");
});

test("metres are told in kilometres from the first one on", () => {
  expect([0, 250.4, 999, 1000, 1250, 50_000, 1_234_500].map((metres) => formatMetres("en-GB", metres))).toEqual(["0 m", "250 m", "999 m", "1 km", "1.3 km", "50 km", "1,234.5 km"]);
  expect(formatMetres("zh-CN", 50_000)).toBe("50 km");
});

test("progress is a share between nothing and all, and absent when the length is", () => {
  expect(progressShare(50, 100)).toBe(0.5);
  expect(progressShare(120, 100)).toBe(1);
  expect(progressShare(-1, 100)).toBe(0);
  expect(progressShare(5, null)).toBeNull();
  expect(progressShare(null, 100)).toBeNull();
  expect(progressShare(5, 0)).toBeNull();
});

test("a share is told in percent, minutes to a tenth, and nothing is no zero", () => {
  expect(formatShare("en-GB", 0.8734)).toBe("87.3%");
  expect(formatShare("en-GB", 0)).toBe("0%");
  expect(formatMinutes("en-GB", 41.25)).toBe("41.3 min");
  expect(formatMinutes("zh-CN", 40)).toBe("40 分钟");
  expect(formatShare("zh-CN", null)).toBe("–");
  expect(formatMinutes("zh-CN", undefined)).toBe("–");
});
