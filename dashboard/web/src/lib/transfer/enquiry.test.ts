import { expect, test } from "vitest";
import { transfer } from "../live/rows.fixture";
import { enquiryCommand, enquiryDeedOf } from "./enquiry";

test("an enquiry is opened into cargo under way, closed while it is open, and accepted late after that", () => {
  expect(enquiryDeedOf(transfer({}))).toBe("open");
  expect(enquiryDeedOf(transfer({ punctuality: "overdue" }))).toBe("open");
  expect(enquiryDeedOf(transfer({ punctuality: "enquiry" }))).toBe("close");
  expect(enquiryDeedOf(transfer({ punctuality: "recovery" }))).toBe("accept");
  for (const state of ["sealed", "arrived", "written-off"] as const) expect(enquiryDeedOf(transfer({ state })), state).toBeNull();
});

test("nothing about an enquiry is decided without words", () => {
  expect(enquiryCommand("26CN", "open", true, " ")).toBeNull();
  expect(enquiryCommand("26CN", "open", false, " where is it ")).toEqual({ type: "open-enquiry", transfer: "26CN", reason: "where is it" });
  expect(enquiryCommand("26CN", "close", false, "no")).toMatchObject({ type: "close-enquiry", accepted: false });
  // What lapsed can only be accepted.
  expect(enquiryCommand("26CN", "accept", false, "papers came")).toMatchObject({ accepted: true, note: "papers came" });
});
