import { expect, test } from "vitest";
import { airWaybillFault, containerFault, iso6346Digit, looseFault, paperFault, tidy, uldFault } from "./number";

test.each(["CSQU3054383", "MWCU6059784", "CBHU3202732", "XIAU0000060", "NYKU6065380", "TEMU2644158", "CAIU7015560"])("container %s is right", (number) => {
  expect(containerFault(number)).toBeNull();
});

test.each([
  ["CSQU3054384", "4", "3"],
  ["GESU7097217", "7", "6"],
  ["MSKU4615639", "9", "1"],
])("container %s is told the right digit", (number, found, expected) => {
  expect(containerFault(number)).toEqual({ what: "check-digit", found, expected });
});

test.each(["CSQX3054383", "csqu3054383", "CSQU 305438 3", "CSQU305438", "CSQU30543833", "UETU０９７６２１０"])("%s has not the shape of a container's number", (number) => {
  expect(containerFault(number)).toEqual({ what: "shape" });
});

test("an air waybill ends with its serial mod 7, with a hyphen or without", () => {
  for (const good of ["020-81140743", "17612345675", "999-00000070"]) expect(airWaybillFault(good)).toBeNull();
  expect(airWaybillFault("176-12345676")).toEqual({ what: "check-digit", found: "6", expected: "5" });
  for (const bad of ["176", "1761-2345675", "176--12345675", "17A-12345675", "176-１2345675"]) expect(airWaybillFault(bad)).toEqual({ what: "shape" });
});

test("a unit load device, loose cargo and a paper have a shape each, and nothing is no number", () => {
  for (const good of ["AKE12345MU", "PMC1234CA", "PAG12345CZA"]) expect(uldFault(good)).toBeNull();
  for (const bad of ["AK12345MU", "AKE123MU", "ake12345mu"]) expect(uldFault(bad)).toEqual({ what: "shape" });
  expect(looseFault("陕A12345")).toBeNull();
  expect(looseFault("shed 4")).toEqual({ what: "shape" });
  expect(paperFault("COSU6123456780")).toBeNull();
  expect(paperFault("a/b")).toEqual({ what: "shape" });
  for (const fault of [containerFault, airWaybillFault, uldFault, looseFault, paperFault]) expect(fault("")).toEqual({ what: "empty" });
});

test("what people type is tidied, not guessed", () => {
  expect(tidy(" csqu 305438 3 ")).toBe("CSQU3054383");
  expect(iso6346Digit("26CNXA00000000001")).toBeGreaterThanOrEqual(0);
});
