import { expect, test } from "vitest";
import { areaOf, findPage, mayOpen, navigationOf, pathOf } from "./routes";

test("every page is found at its own address", () => {
  for (const page of ["floor", "port", "fleet", "declare", "receipts", "devices", "alerts", "transfers", "grants", "write-off", "gates", "handover", "kpis", "corridors", "audit", "keys", "account"] as const) {
    expect(findPage(pathOf(page))).toEqual({ page, id: "" });
  }
  expect(findPage(pathOf("alert", "7"))).toEqual({ page: "alert", id: "7" });
  expect(findPage(pathOf("report", "26CN0000000000015"))).toEqual({ page: "report", id: "26CN0000000000015" });
  expect(findPage("/transfers/26CN0000000000015/")).toEqual({ page: "transfer", id: "26CN0000000000015" });
});

test("an id with signs of its own comes back from its address", () => {
  const odd = "a/b?c#d %";
  expect(findPage(pathOf("transfer", odd))).toEqual({ page: "transfer", id: odd });
});

test("an address that is none of the pages is not found", () => {
  for (const path of ["/nothing", "/alerts/7/more", "/transfers/%E0%A4%A"]) expect(findPage(path)).toBeNull();
});

test("a carrier has neither grants nor the log in the navigation, an auditor has both", () => {
  expect(navigationOf("carrier")).toEqual(["floor", "fleet", "declare", "alerts", "transfers", "receipts", "devices", "keys"]);
  expect(navigationOf("auditor")).toContain("audit");
  expect(mayOpen("carrier", "audit")).toBe(false);
  expect(mayOpen("auditor", "grants")).toBe(true);
});

test("the port is the operator's alone", () => {
  expect(navigationOf("operator")).toEqual(["floor", "port", "alerts", "transfers", "kpis", "keys"]);
  expect(findPage("/port/26CN0000000000015")).toEqual({ page: "unit", id: "26CN0000000000015" });
  for (const role of ["customs", "carrier", "auditor", "admin"] as const) expect(mayOpen(role, "unit")).toBe(false);
});

test("the lines of the machine are the administrator's alone", () => {
  expect(navigationOf("admin")).toContain("lines");
  for (const role of ["customs", "carrier", "operator", "auditor"] as const) expect(mayOpen(role, "lines")).toBe(false);
});

test("a case belongs to the alerts in the navigation", () => {
  expect(areaOf("alert")).toBe("alerts");
  expect(areaOf("audit")).toBe("audit");
});
