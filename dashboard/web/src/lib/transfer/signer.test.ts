import { expect, test } from "vitest";
import type { By } from "../../api/types";
import { fill } from "../i18n/fill";
import { signerWords } from "./signer";

const names = new Map([["li.wei", "李伟"]]);
const said = (by: By): string => signerWords(by, (key, values) => fill("zh", key, values), (id) => names.get(id) ?? id);

test("whoever stands behind a change is called by name, and by the id where no name is known", () => {
  expect(said({ user: "li.wei" })).toBe("李伟");
  expect(said({ signed: { user: "li.wei", key: "ab12" } })).toContain("李伟");
  expect(said({ order: { order: "daily", officer: "li.wei" } })).toContain("李伟");
  expect(said({ user: "wang.fang" })).toBe("wang.fang");
});
